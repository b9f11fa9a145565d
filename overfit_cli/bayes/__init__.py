"""Inferences of the Bayesian model average. A new one is one file and one line of INFERENCES."""

from overfit_cli.bayes.ensemble import ENSEMBLE
from overfit_cli.bayes.exact import EXACT
from overfit_cli.bayes.hmc import HMC
from overfit_cli.bayes.inference import Inference, Problem
from overfit_cli.bayes.laplace import LAPLACE
from overfit_cli.bayes.mc_dropout import MC_DROPOUT
from overfit_cli.bayes.sghmc import SGHMC
from overfit_cli.bayes.swag import SWAG

INFERENCES: dict[str, Inference] = {
    inference.name: inference
    for inference in (ENSEMBLE, HMC, SGHMC, EXACT, LAPLACE, SWAG, MC_DROPOUT)
}

# Measured by tests/bayes/test_neal_ladder.py and tests/benchmarks/{concrete,averages}.py.
WHY_THE_DEFAULT = (
    "better than the single network on every problem tried, with nothing to set: test nll lower by "
    "0.07 nats on Neal's problem, 0.15 on Concrete, 0.02 on digits, 0.06 on 5,000 rows of MNIST, "
    "for the price of five. laplace was better still on three of them, for at most four, and no "
    "better than nothing on Concrete; mc-dropout too, but worse on Concrete, and it wants a p for "
    "each; hmc was the best where it could be afforded"
)

__all__ = ["INFERENCES", "WHY_THE_DEFAULT", "Inference", "Problem"]
