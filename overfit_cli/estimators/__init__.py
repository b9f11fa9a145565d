"""scikit-learn estimators over the same engine; see `mlp`. Remedies: see `remedies`."""
