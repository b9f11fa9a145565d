"""The Bayesian model average as a remedy; how it is approximated stands in overfit_cli.bayes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from overfit_cli.bayes import INFERENCES
from overfit_cli.core.hooks import Hooks, column
from overfit_cli.core.layout import Layout
from overfit_cli.remedies.remedy import Need, Option, Remedy, Settings


def build(layout: Layout, settings: Sequence[Settings]) -> Hooks:
    """Return hooks that only carry the prior: the average lies in the members."""
    del layout
    return Hooks(hyper={"prior_width": column([own["prior_width"] for own in settings])})


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
    Option(
        "prior_width",
        float,
        0.05,
        "width of the prior of the weights: their precision has mean 1/width^2",
        low=0,
        low_open=True,
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
