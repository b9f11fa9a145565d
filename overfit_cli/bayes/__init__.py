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

__all__ = ["INFERENCES", "Inference", "Problem"]
