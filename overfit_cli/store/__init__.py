"""Finished runs in one SQLite file."""

from overfit_cli.store.store import Store
from overfit_cli.store.summary import RunSummary

__all__ = ["RunSummary", "Store"]
