"""What the commands do, from Python: load, spec, run, batch, stored, compare.

Options are those of `overfit run`, by their names in configs: {"method": "none,dropout", "p": 0.5,
"seeds": 5}. Errors are overfit_cli.errors; their messages name options as the command line does.
"""

from overfit_cli.api.comparing import Report, compare
from overfit_cli.api.runs import Runs
from overfit_cli.api.training import batch, load, run, spec, stored

__all__ = ["Report", "Runs", "batch", "compare", "load", "run", "spec", "stored"]
