"""Where the `overfit` command begins: an interruption is heard before the imports, which take time.

Nothing is under way until they are done, so that it ends at once.
"""

from __future__ import annotations

import gc
import os
import signal

# Imports make many objects and no garbage: looking for it at every 700th takes 30 ms.
GARBAGE_THRESHOLD = 50_000
INTERRUPTED = 130  # errors.Interrupted.exit_code


def main() -> None:
    """Run the command line and exit with its code (see errors.py)."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    from overfit_cli.cli import app

    app.main()


def _end(number: int, frame: object) -> None:
    del number, frame
    os.write(2, b"overfit: interrupted.\n")
    os._exit(INTERRUPTED)
