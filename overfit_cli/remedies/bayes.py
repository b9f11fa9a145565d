"""The Bayesian model average as a remedy; how it is approximated stands in overfit_cli.bayes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from overfit_cli.bayes import INFERENCES
from overfit_cli.core.hooks import Hooks, column
from overfit_cli.core.layout import Layout
from overfit_cli.remedies.remedy import Need, Option, Remedy, Settings

COLUMNS = ("prior_width", "prior_sd", "step_size")


def build(layout: Layout, settings: Sequence[Settings]) -> Hooks:
    """Return hooks that only carry the prior: the average lies in the members."""
    del layout
    columns = [name for name in COLUMNS if name in settings[0]]
    return Hooks(hyper={name: column([own[name] for own in settings]) for name in columns})


def _need(option: str) -> Need:
    return "inference", tuple(own.name for own in INFERENCES.values() if option in own.options)


OPTIONS = (
    Option(
        "inference",
        str,
        "ensemble",
        "how the average is approximated",
        choices=tuple(INFERENCES),
        structural=True,
    ),
    Option("members", int, 5, "networks of an ensemble", low=2, structural=True),
    Option(
        "folds",
        bool,
        False,
        "with early-stopping: member m of an ensemble holds out fold m of the training rows",
        structural=True,
    ),
    Option("chains", int, 4, "independent chains of a sampler", low=1, structural=True),
    Option("warmup", int, 200, "draws of a sampler before the first counts", 0, structural=True),
    Option("samples", int, 200, "draws per chain that count", low=1, structural=True),
    Option("leapfrog", int, 100, "leapfrog steps per draw of hmc", low=1, structural=True),
    Option("cycles", int, 4, "cycles of sghmc's step size", low=1, structural=True),
    Option("thin", int, 100, "minibatch steps per draw of sghmc", low=1, structural=True),
    Option(
        "step_size",
        float,
        0.2,
        "sghmc's step at the start of a cycle, in units of the posterior's width; with --prior-sd "
        "its square is about a learning rate",
        low=0,
        low_open=True,
    ),
    Option("grid_values", int, 9, "values of each parameter for exact", low=2, structural=True),
    Option(
        "grid_width",
        float,
        3.0,
        "exact's values reach so many prior standard deviations to both sides",
        low=0,
        low_open=True,
        structural=True,
    ),
    Option(
        "curvature",
        str,
        "kfac",
        "laplace's Hessian: its diagonal, its Kronecker factors, or all of it",
        choices=("diagonal", "kfac", "full"),
        structural=True,
    ),
    Option(
        "layers",
        str,
        "last",
        "laplace of the output layer, fed by the hidden ones as they were trained, or of all",
        choices=("last", "all"),
        structural=True,
    ),
    Option(
        "predictive",
        str,
        "linearised",
        "laplace's draws predict through the network made linear about the mode, or as they are",
        choices=("linearised", "sampled"),
        structural=True,
    ),
    Option(
        "temperature",
        float,
        None,
        "factor on the posterior's covariance: 1 is Bayes, less a cold posterior, 0 a mode alone",
        low=0,
        structural=True,
        defaults={"laplace": 0.1, "sghmc": 1.0},
    ),
    # the first only goes to a mode, and tunes nothing
    Option("rounds", int, 15, "laplace's rounds towards the mode", low=2, structural=True),
    Option("draws", int, 50, "networks drawn by laplace and swag", low=1, structural=True),
    Option(
        "swag_start",
        float,
        0.5,
        "share of the epochs before swag collects the first point",
        low=0,
        high=1,
        structural=True,
    ),
    Option("swag_rank", int, 20, "deviations that swag keeps", low=0, structural=True),
    Option(
        "swag_lr",
        float,
        1.0,
        "factor on the learning rate, held constant while swag collects",
        low=0,
        low_open=True,
        structural=True,
    ),
    Option(
        "prior_width",
        float,
        0.05,
        "width of the prior of the weights: their precision has mean 1/width^2",
        low=0,
        low_open=True,
    ),
    Option(
        "prior_sd",
        float,
        None,
        "fixed standard deviation of all weights and biases instead of that prior (exact: 1)",
        low=0,
        low_open=True,
        structural=True,
    ),
)

BAYES = Remedy(
    name="bayes",
    summary="average the predictions of many settings of the parameters (Bayesian model average)",
    formula="p(t | x, D) = integral p(t | x, w) p(w | D) dw, approximated by --inference",
    source="Neal 1996, Bayesian Learning for Neural Networks; see each inference",
    example="overfit run --method bayes --inference ensemble --members 5",
    options=(OPTIONS[0], *(replace(own, need=_need(own.name)) for own in OPTIONS[1:])),
    build=build,
    words=lambda settings: "bayes: " + INFERENCES[settings["inference"]].words(settings),
)
