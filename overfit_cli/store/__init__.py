"""Finished runs in one SQLite file."""

from overfit_cli.store.faults import DamagedStore
from overfit_cli.store.lock import held
from overfit_cli.store.repair import Repaired, header_faults, repair
from overfit_cli.store.store import Store
from overfit_cli.store.summary import RunSummary

__all__ = ["DamagedStore", "Repaired", "RunSummary", "Store", "header_faults", "held", "repair"]
