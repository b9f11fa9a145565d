"""Inferences of the Bayesian model average. A new one is one file and one line of INFERENCES."""

from overfit_cli.bayes.ensemble import ENSEMBLE
from overfit_cli.bayes.hmc import HMC
from overfit_cli.bayes.inference import Inference, Problem

INFERENCES: dict[str, Inference] = {inference.name: inference for inference in (ENSEMBLE, HMC)}

__all__ = ["INFERENCES", "Inference", "Problem"]
