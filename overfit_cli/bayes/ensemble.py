"""Deep ensembles: independently initialised networks that vote with equal weights."""

from __future__ import annotations

from overfit_cli.bayes.inference import Inference, Settings


def _words(settings: Settings) -> str:
    words = f"average of {settings['members']} networks trained independently"
    return words + (", each holding out one fold of the training rows" if settings["folds"] else "")


ENSEMBLE = Inference(
    name="ensemble",
    summary="independently initialised networks, equal weights; accepts every remedy",
    source="Lakshminarayanan, Pritzel & Blundell 2017",
    members=lambda settings: int(settings["members"]),
    words=_words,
    options=("members", "folds"),
)
