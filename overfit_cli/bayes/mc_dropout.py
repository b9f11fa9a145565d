"""Monte-Carlo dropout: another name for dropout that averages thinned networks at prediction."""

from __future__ import annotations

from overfit_cli.bayes.inference import Inference

MC_DROPOUT = Inference(
    name="mc-dropout",
    summary="another name for --method dropout --average mc: stored and shown as that run",
    source="Gal & Ghahramani 2016",
    members=lambda settings: 1,
    words=lambda settings: "Monte-Carlo dropout",
    options=(),
    alias=("dropout", {"average": "mc"}),
)
