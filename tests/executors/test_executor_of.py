"""Executors by name: what is refused, and what is loaded."""

import subprocess
import sys

import pytest

from overfit_cli.errors import UsageError
from overfit_cli.executors import available_cores, executor_of


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "proceses"}, "Did you mean 'processes'"),
        ({"name": "processes", "workers": 0}, "at least 1"),
        ({"name": "processes", "stall": 0.0}, "above 0"),
        ({"name": "processes", "stall": float("nan")}, "above 0"),
        ({"name": "processes", "stall": float("inf")}, "above 0"),
        ({"name": "processes", "scheduler": "tcp://127.0.0.1:1"}, "--executor dask"),
        ({"name": "serial", "workers": 2}, "--executor processes"),
        ({"name": "dask"}, "--scheduler tcp://"),
        ({"name": "dask", "scheduler": "tcp://127.0.0.1:1", "workers": 2}, "the cluster says"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, said):
    with pytest.raises(UsageError, match=said):
        executor_of(**arguments)


def test_one_process_for_each_core_unless_told():
    assert executor_of("processes").workers == available_cores()
    assert executor_of("processes", workers=3).workers == 3
    assert executor_of("serial", workers=1).workers == 1


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys; from overfit_cli.executors import executor_of; executor_of('serial');"
        "from overfit_cli.executors.alive import alive; alive();"
        "print({'pebble', 'distributed', 'dask', 'numpy', 'multiprocessing'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"
