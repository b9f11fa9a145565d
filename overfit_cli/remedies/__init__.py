"""The remedies. A new one is one file and one line of REGISTRY."""

from overfit_cli.remedies.bayes import BAYES
from overfit_cli.remedies.dropout import DROPOUT
from overfit_cli.remedies.early_stopping import EARLY_STOPPING
from overfit_cli.remedies.l1 import L1
from overfit_cli.remedies.l2 import L2
from overfit_cli.remedies.max_norm import MAX_NORM
from overfit_cli.remedies.none import NONE
from overfit_cli.remedies.remedy import Option, Remedy, Settings

# In the order in which a combination composes: penalties, then proximal steps and constraints.
REGISTRY: dict[str, Remedy] = {
    remedy.name: remedy for remedy in (NONE, DROPOUT, L2, L1, MAX_NORM, EARLY_STOPPING, BAYES)
}

__all__ = ["REGISTRY", "Option", "Remedy", "Settings"]
