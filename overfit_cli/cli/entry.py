"""Where the `overfit` command begins: an interruption is heard before the imports, which take time.

Nothing is under way until they are done, so that it ends at once.
"""

from __future__ import annotations

import gc
import os
import signal
import sys

# Imports make many objects and no garbage: looking for it at every 700th takes 30 ms.
GARBAGE_THRESHOLD = 50_000
INTERRUPTED = 130  # errors.Interrupted.exit_code


def main() -> None:
    """Run the command line and exit with its code (see errors.py)."""
    _open_streams()
    gc.set_threshold(GARBAGE_THRESHOLD)
    # or pydantic asks every installed package whether it has a plugin, and runs what it finds
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    from overfit_cli.cli import app

    try:
        app.main()
    finally:
        # Python looks for garbage once more as it ends: a tenth of a second for nothing
        gc.freeze()


def _open_streams() -> None:
    """Put something in the place of standard streams that were closed before we started.

    Their numbers would go to the next files that are opened, and what is printed into those. What
    is written to the new stdout is refused, and told; what is said on the new stderr is lost.
    """
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, flags), True)  # the lowest number that is free
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def _end(number: int, frame: object) -> None:
    del number, frame
    os.write(2, b"overfit: interrupted.\n")
    os._exit(INTERRUPTED)
