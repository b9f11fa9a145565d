"""Options turned into trained runs without a command line or a store."""

from __future__ import annotations

import numpy as np

from overfit_cli.data import load, prepare
from overfit_cli.experiment.options import parse_options
from overfit_cli.experiment.spec import specs_of
from overfit_cli.experiment.stacks import stacks_of
from overfit_cli.experiment.train import finish, train

SMALL = {"dataset": "moons:n=60,n_test=40", "hidden": [5, 3], "epochs": 6}


def specs(**given):
    """Return the runs that these options ask for; a sampler knows no epochs."""
    small = dict(SMALL)
    if given.get("inference") in ("hmc", "sghmc"):
        del small["epochs"]
    return specs_of(parse_options(small | given))


def spec(**given):
    """Return the only one."""
    (only,) = specs(**given)
    return only


def data_of(one):
    """Return the data of a run."""
    return prepare(load(one.data, one.seed), one.data, one.seed, np.dtype(one.dtype))


def results_of(asked):
    """Train runs in the stacks they form; return results by place in `asked`."""
    seeds = {one.seed: data_of(one) for one in asked}
    stacks = stacks_of(asked, [seeds[one.seed] for one in asked])
    found = {
        result.run_id: result
        for stack in stacks
        for result in finish(train(stack.specs, stack.data))
    }
    return [found[one.run_id] for one in asked]


def result(**given):
    """Train the only run these options ask for."""
    (only,) = results_of(specs(**given))
    return only


def same_numbers(first, second):
    """Whether two runs agree in every bit of their curves, metrics, predictions and networks."""
    return (
        repr(first.curves) == repr(second.curves)
        and repr(first.final) == repr(second.final)
        and np.array_equal(first.predictions.outputs, second.predictions.outputs)
        and np.array_equal(first.model.parameters, second.model.parameters)
    )
