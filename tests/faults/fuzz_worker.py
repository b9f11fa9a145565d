"""Reads damaged files in a process of its own: with 1 GiB of memory at most, a minute a file.

Started by test_fuzzed_files.py. Prints the kind and number of each file before it is read, so that
the last line names the one that ended the process, whatever ended it.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import sys
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))

from mutated_files import by_kind, load_everywhere, mutant

HEADROOM = 2**30
SECONDS = 60  # of real time, for a file read in milliseconds: the machine may be busy


def limit_memory() -> None:
    """Allow HEADROOM beyond what the process takes by now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + HEADROOM,) * 2)


def main(seed: int, count: int, folder: Path, kinds: list[str]) -> None:
    """Read `count` damaged files of each kind."""
    pools = {kind: by_kind()[kind] for kind in kinds}
    for name, content in (file for pool in pools.values() for file in pool):
        load_everywhere(name, content, folder)  # so that everything needed has been imported
    limit_memory()
    for kind, pool in pools.items():
        for number in range(count):
            rng = random.Random(f"{seed} {kind} {number}")
            name, content = mutant(*rng.choice(pool), rng)
            print(kind, number, flush=True)
            signal.alarm(SECONDS)
            load_everywhere(name, content, folder)
            signal.alarm(0)
    print("peak KiB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
