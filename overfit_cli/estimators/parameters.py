"""An estimator's parameters as a spec, checked by the rules of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from overfit_cli.errors import OverfitError, UsageError
from overfit_cli.estimators.remedies import Setting, method_of, settings_of
from overfit_cli.experiment.options import REMEDY_OPTIONS, idle_options, parse_options
from overfit_cli.experiment.spec import RunSpec, spec_of

# scikit-learn's name for each option that has another one here
OPTION_OF = {
    "hidden_layer_sizes": "hidden",
    "activation": "activation",
    "solver": "optimizer",
    "learning_rate": "lr_schedule",
    "learning_rate_init": "lr",
    "momentum": "momentum",
    "max_iter": "epochs",
}
_NAME_OF = {option: name for name, option in OPTION_OF.items()}

# "auto", as in scikit-learn: so many rows, or all if they are fewer.
AUTO_BATCH = 200


class InvalidParameter(UsageError, ValueError):
    """A parameter, or data, that the estimator cannot use: what scikit-learn expects to be told."""


@contextmanager
def told_as_value_error() -> Iterator[None]:
    """Turn the package's own errors into InvalidParameter, in an estimator's words."""
    try:
        yield
    except OverfitError as error:
        raise InvalidParameter(in_python(str(error))) from None


def in_python(message: str) -> str:
    """Return a message with parameters instead of flags: `max_iter` for `--epochs`."""

    def parameter(found: re.Match[str]) -> str:
        option = found[1].replace("-", "_")
        return _NAME_OF.get(option, option)

    return re.sub(r"--([a-z][a-z0-9-]*)", parameter, message)


def spec_of_parameters(
    given: Mapping[str, Any],
    remedies: Sequence[Setting],
    n_rows: int,
    seed: int,
    dtype: np.dtype[Any],
) -> RunSpec:
    """Return the spec of an estimator with these parameters on n_rows training rows.

    Samplers work in the precision that they need, others in that of the inputs.

    Raises:
        UsageError: a value that is not allowed, a refused combination, an option that the
            inference does not use.
    """
    options = {option: _plain(given[name]) for name, option in OPTION_OF.items()}
    if isinstance(options["hidden"], int):
        options["hidden"] = [options["hidden"]]
    said = {key: _plain(value) for key, value in settings_of(remedies).items()}
    batch_size = _batch_size(given["batch_size"], n_rows)
    parsed = parse_options(options | said | {"batch_size": batch_size, "seed": seed})
    spec = spec_of(parsed, method_of(remedies))
    _check_use(spec, said)
    needed = None if spec.inference is None else spec.inference.dtype
    return spec.model_copy(update={"dtype": needed or dtype.name})


def _check_use(spec: RunSpec, said: Mapping[str, Any]) -> None:
    idle = idle_options(spec.settings)
    for name, value in said.items():
        if name in idle and value != REMEDY_OPTIONS[name][1].default:
            raise UsageError(f"--{name} {idle[name]}.")


def _batch_size(value: Any, n_rows: int) -> Any:
    return min(AUTO_BATCH, n_rows) if isinstance(value, str) and value == "auto" else _plain(value)


def _plain(value: Any) -> Any:
    """Return NumPy's scalars and arrays, which grids are made of, as Python's own."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value
