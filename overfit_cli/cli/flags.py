"""The options of `run` and `refit`, declared once; the names are those of config keys.

Nothing heavy is imported here: `overfit --help` must not wait for NumPy. What is allowed is
decided by experiment.options and the remedies; a test holds the three together.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

import typer

from overfit_cli.errors import UsageError

NOUNS = {int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Flag:
    """One option: its config key, type, help, panel of the help page, and the words allowed."""

    key: str
    kind: type
    help: str
    panel: str
    metavar: str | None = None
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The option as typed."""
        return "--" + self.key.replace("_", "-")

    def read(self, text: str) -> Any:
        """Return what was typed as a number.

        Raises:
            UsageError: it is none.
        """
        try:
            return self.kind(text)
        except ValueError:
            raise UsageError(f"{self.name}: '{text}' is not {NOUNS[self.kind]}.") from None


DATA, NETWORK, TRAINING = "Data", "Network", "Training"
DROPOUT, PENALTIES, STOPPING, BAYES = "Dropout", "Penalties", "Early stopping", "Bayes"
INFERENCES = ("ensemble", "hmc", "sghmc", "exact", "laplace", "swag", "mc-dropout")
METHODS = ("none", "dropout", "l1", "l2", "max-norm", "early-stopping", "bayes")

METHOD = Flag(
    "method", str, "remedy, 'a+b' for both, 'a,b' side by side [none]", TRAINING, "NAME", METHODS
)

# The default stands in brackets.
SHARED = (
    Flag("dataset", str, "a name (see: overfit datasets) or a file [digits]", DATA, "NAME|FILE"),
    Flag("target", str, "column to predict", DATA, "COLUMN"),
    Flag("task", str, "what the target asks for", DATA, words=("classification", "regression")),
    Flag("features", str, 'columns to use: a,b,"c, with a comma"', DATA, "COLUMNS"),
    Flag("drop", str, "columns to leave out, written likewise", DATA, "COLUMNS"),
    Flag("val_file", str, "validation rows from a file of their own", DATA, "FILE"),
    Flag("test_file", str, "test rows from a file of their own", DATA, "FILE"),
    Flag("split_column", str, "column that says train, val or test", DATA, "COLUMN"),
    Flag("group_column", str, "rows of one group stay on one side of the split", DATA, "COLUMN"),
    Flag("time_column", str, "test on the last rows by this, not on random ones", DATA, "COLUMN"),
    Flag("weight_column", str, "weight of each row", DATA, "COLUMN"),
    Flag("val_size", float, "validation rows: fraction, or number of rows [0.2]", DATA),
    Flag("test_size", float, "test rows: fraction, or number of rows", DATA),
    Flag("train_size", int, "at most so many training rows", DATA, "N"),
    Flag("label_noise", float, "fraction of train and val labels made wrong [0]", DATA),
    Flag(
        "resample",
        str,
        "what a new seed changes: the split, nothing of the test rows, or all rows",
        DATA,
        words=("splits", "fixed", "draws"),
    ),
    Flag("hidden", str, "widths of the hidden layers, or none [256,256]", NETWORK, "WIDTHS"),
    Flag(
        "activation",
        str,
        "of the hidden layers [relu]",
        NETWORK,
        words=("relu", "tanh", "logistic", "identity"),
    ),
    Flag("optimizer", str, "rule of the step [sgd]", TRAINING, words=("sgd", "nesterov", "adam")),
    Flag("lr", float, "learning rate [0.05]", TRAINING),
    Flag(
        "lr_schedule",
        str,
        "constant, inverse:T, exponential:T, cosine, step:T,F [constant]",
        TRAINING,
        "NAME",
    ),
    Flag("momentum", float, "momentum of sgd and nesterov [0.9]", TRAINING),
    Flag("batch_size", int, "rows per minibatch [32]", TRAINING),
    Flag("epochs", int, "passes over the training rows [100]", TRAINING),
    Flag("eval_every", int, "epochs between evaluations [1]", TRAINING),
    Flag("seeds", int, "how many seeds [1]", TRAINING, "K"),
    Flag("seed", int, "the first seed [0]", TRAINING, "S"),
    Flag("dtype", str, "precision [samplers 64, else 32]", TRAINING, words=("float32", "float64")),
    Flag("threads", int, "BLAS threads; another number is another run [1]", TRAINING),
    Flag("p", str, "probability that a hidden unit is KEPT, or one per layer [0.5]", DROPOUT, "P"),
    Flag("p_input", float, "the same for inputs [1]", DROPOUT),
    Flag("drop_rate", str, "1 - p, for those who think in dropped units", DROPOUT, "RATE"),
    Flag("scope", str, "a mask per what [example]", DROPOUT, words=("example", "minibatch")),
    Flag(
        "mask",
        str,
        "how units are drawn [bernoulli]",
        DROPOUT,
        words=("bernoulli", "exact", "gaussian"),
    ),
    Flag(
        "average", str, "scaled weights or Monte Carlo [weights]", DROPOUT, words=("weights", "mc")
    ),
    Flag("mc_samples", int, "thinned networks for --average mc [50]", DROPOUT),
    Flag("l1", float, "lambda of the penalty on absolute weights [0.0001]", PENALTIES),
    Flag("l2", float, "lambda of the penalty on squared weights [0.001]", PENALTIES),
    Flag("max_norm", float, "longest incoming weight vector [3]", PENALTIES),
    Flag("patience", int, "epochs to wait for an improvement [10]", STOPPING),
    Flag("min_delta", float, "least improvement that counts [0]", STOPPING),
    Flag("stop_metric", str, "what has to improve [nll]", STOPPING, words=("nll", "error", "rmse")),
    Flag("inference", str, "how the average is taken [ensemble]", BAYES, words=INFERENCES),
    Flag("members", int, "networks of an ensemble [5]", BAYES),
    Flag("folds", bool, "member m holds out fold m for early stopping", BAYES),
    Flag("chains", int, "chains of a sampler [4]", BAYES),
    Flag("warmup", int, "draws before the first that counts [200]", BAYES),
    Flag("samples", int, "draws per chain that count [200]", BAYES),
    Flag("leapfrog", int, "leapfrog steps per draw of hmc [100]", BAYES),
    Flag("cycles", int, "cycles of sghmc's step size [4]", BAYES),
    Flag("thin", int, "minibatch steps per draw of sghmc [100]", BAYES),
    Flag("step_size", float, "sghmc's largest step, in posterior widths [0.2]", BAYES),
    Flag("grid_values", int, "values per parameter for exact [9]", BAYES),
    Flag("grid_width", float, "reach of that grid in prior sds [3]", BAYES),
    Flag(
        "curvature",
        str,
        "how much of the Hessian laplace uses [kfac]",
        BAYES,
        words=("diagonal", "kfac", "full"),
    ),
    Flag("layers", str, "those that laplace is about [last]", BAYES, words=("last", "all")),
    Flag(
        "predictive",
        str,
        "how draws of laplace predict [linearised]",
        BAYES,
        words=("linearised", "sampled"),
    ),
    Flag("temperature", float, "of laplace [0.1] or sghmc [1]; below 1: a cold posterior", BAYES),
    Flag("rounds", int, "laplace's rounds towards the mode [15]", BAYES),
    Flag("draws", int, "networks drawn by laplace and swag [50]", BAYES),
    Flag("swag_start", float, "share of the epochs before swag collects [0.5]", BAYES),
    Flag("swag_rank", int, "deviations that swag keeps [20]", BAYES),
    Flag("swag_lr", float, "factor on lr while swag collects [1]", BAYES),
    Flag("prior_width", float, "width of the prior of the weights [0.05]", BAYES),
    Flag("prior_sd", float, "fixed sd of all weights and biases instead", BAYES),
)


def with_flags(flags: Sequence[Flag]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command all `flags`; its parameter `given` receives those the user typed."""

    def decorate(body: Callable[..., None]) -> Callable[..., None]:
        """Return `body` as Typer must see it: one parameter per flag in place of `given`."""
        own = inspect.signature(body, eval_str=True)
        kept = [parameter for name, parameter in own.parameters.items() if name != "given"]

        @wraps(body)
        def command(**values: Any) -> None:
            given = {flag.key: values.pop(flag.key) for flag in flags}
            body(given={k: v for k, v in given.items() if v is not None}, **values)

        added = [_parameter(flag) for flag in flags]
        parameters = [*(p for p in kept if p.default is p.empty), *added]
        parameters += [p for p in kept if p.default is not p.empty]
        command.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        return command

    return decorate


def _parameter(flag: Flag) -> inspect.Parameter:
    words = flag.words
    option = typer.Option(
        flag.name if flag.kind is not bool else f"{flag.name}/--no-{flag.name[2:]}",
        help=flag.help,
        metavar=flag.metavar or "|".join(flag.words) or ("N" if flag.kind is int else "X"),
        parser=flag.read if flag.kind in NOUNS else None,
        rich_help_panel=flag.panel,
        show_default=False,
        autocompletion=(lambda: list(words)) if words else None,
    )
    return inspect.Parameter(
        flag.key,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=None,
        annotation=Annotated[flag.kind | None, option],
    )
