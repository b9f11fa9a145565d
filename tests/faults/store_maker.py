"""Makes a store on a disk without links, and saves one run; started under LD_PRELOAD=faults.so.

Arguments: the store, the run's number, the error code of links, and perhaps two files: one to make
before the store is put in its place, and one to wait for then.
"""

from __future__ import annotations

import ctypes
import errno
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "store"))

from store_samples import make_run

from overfit_cli.store import Store

RENAME = 3


def main(store: Path, number: int, code: str, *files: str) -> None:
    shim = ctypes.CDLL(None)
    shim.fault_arm(str(store.parent).encode(), RENAME, 1, 1, getattr(errno, code))
    if files:
        shim.fault_pause(*(name.encode() for name in files))
    with Store.open(store) as opened:
        opened.save(make_run(number))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
