"""Payloads and store samples of the neighbouring folders."""

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parents[1] / name) for name in ("report", "store")]
