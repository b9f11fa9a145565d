"""Which kernels a training gets, and what is said where they cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from overfit_cli import compiled
from overfit_cli.compiled import WORTH_IT, kernels_for
from overfit_cli.compiled.kernels import COMPILED
from overfit_cli.core.kernels import NUMPY
from overfit_cli.errors import UsageError


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(compiled.SETTING, raising=False)
    monkeypatch.setattr(compiled, "_done", 0.0)


def test_a_short_training_is_not_worth_loading_a_compiler() -> None:
    assert kernels_for(WORTH_IT / 3) is NUMPY


def test_a_long_one_is() -> None:
    assert kernels_for(WORTH_IT) is COMPILED


def test_and_so_is_the_last_of_many_short_ones() -> None:
    chosen = [kernels_for(WORTH_IT / 3).name for _ in range(5)]
    assert chosen == ["numpy", "numpy", "compiled", "compiled", "compiled"]


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiled.SETTING, "compiled")
    assert kernels_for(1) is COMPILED
    monkeypatch.setenv(compiled.SETTING, "numpy")
    assert kernels_for(2 * WORTH_IT) is NUMPY


def test_the_environment_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiled.SETTING, "numba")
    with pytest.raises(UsageError, match="OVERFIT_KERNELS=numba: use auto, numpy or compiled"):
        kernels_for(1)


def run(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | environment,
        text=True,
        capture_output=True,
        check=False,
    )


WITHOUT = """
import sys
sys.modules["numba"] = None
from overfit_cli.cli.entry import main
sys.argv = ["overfit", "run", "--dataset", "moons:n=60", "--epochs", "1"]
main()
"""


def test_without_the_extra_numpy_does_it(tmp_path: Path) -> None:
    done = run(WITHOUT, tmp_path, OVERFIT_KERNELS="auto")
    assert done.returncode == 0, done.stderr


def test_without_the_extra_nobody_gets_it_silently(tmp_path: Path) -> None:
    done = run(WITHOUT, tmp_path, OVERFIT_KERNELS="compiled")
    assert done.returncode == 2
    assert "Numba is not installed" in done.stderr
    assert "pip install 'overfit[fast]'" in " ".join(done.stderr.split())
    assert not list(tmp_path.iterdir())


LOOP = """
import numpy as np
from overfit_cli.compiled.loops import relu_backward
delta = np.ones(3)
relu_backward(delta, np.array([1.0, 0.0, -1.0]))
assert delta.tolist() == [1, 0, 0]
"""


def test_damaged_files_of_compiled_code_are_compiled_again(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert run(LOOP, tmp_path, NUMBA_CACHE_DIR=str(kept)).returncode == 0
    files = [path for path in kept.rglob("*") if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[:10])
    done = run(LOOP, tmp_path, NUMBA_CACHE_DIR=str(kept))
    assert (done.returncode, done.stderr) == (0, "")


def test_no_folder_to_keep_compiled_code_in(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(LOOP, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "file" / "kept"))
    assert (done.returncode, done.stderr) == (0, "")
