"""Data: sources by name or file, splits, preprocessing. `load`, then `prepare`."""

from overfit_cli.data.dataset import Dataset, Prepared, Preprocessing, Rows, Truth
from overfit_cli.data.prepare import prepare
from overfit_cli.data.preprocessing import transform
from overfit_cli.data.registry import load
from overfit_cli.data.request import DataRequest
from overfit_cli.data.sources import SOURCES
from overfit_cli.data.splits import resample_of

__all__ = [
    "SOURCES",
    "DataRequest",
    "Dataset",
    "Prepared",
    "Preprocessing",
    "Rows",
    "Truth",
    "load",
    "prepare",
    "resample_of",
    "transform",
]
