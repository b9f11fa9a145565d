"""`overfit merge`: the runs of several stores in one, such as those of a batch's shards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from overfit_cli.cli.places import StoreOption
from overfit_cli.words import shortened

if TYPE_CHECKING:
    from overfit_cli.store.merge import Merged


def merge(
    sources: Annotated[
        list[str], typer.Argument(metavar="STORE...", help="Stores to copy runs from.")
    ],
    store: StoreOption = None,
) -> None:
    """Copy the runs of other stores into one; each run once, a finished one before a failed."""
    from overfit_cli.cli.console import say, write
    from overfit_cli.cli.places import store_path
    from overfit_cli.errors import StoreError
    from overfit_cli.report.escape import visible
    from overfit_cli.store import Store

    target = store_path(store)
    _check(sources, target)
    left_out: list[str] = []
    with Store.open(target) as opened:
        for name in dict.fromkeys(sources):
            with Store.open(name, "read") as source:
                merged = opened.merge(source)
            write(visible(f"{name}: {_counted(merged)}"))
            for batch, (here, there) in merged.disputed.items():
                say(
                    f"note: batch '{batch}' chooses its settings by val {there} in {name}, and by "
                    f"val {here} in {target}: it stays {here}; compare has --select."
                )
            left_out += [name] if merged.damaged or merged.missing else []
    if left_out:
        raise StoreError(
            f"damaged runs were left out of {', '.join(left_out)}; all others are in {target}. "
            "`overfit batch` trains what is missing, `overfit doctor --store` says what is wrong."
        )


def _check(sources: list[str], target: str) -> None:
    """Refuse, before anything is written, a source that is no store, or the target itself.

    Raises:
        UsageError: the target is among the sources.
        StoreError: a source is not there, or no store.
    """
    from pathlib import Path

    from overfit_cli.cli.places import store_exists
    from overfit_cli.errors import UsageError
    from overfit_cli.store import Store

    for name in sources:
        with Store.open(name, "read"):
            pass
        if store_exists(target) and Path(name).samefile(target):
            raise UsageError(f"merge: {name} is the store to copy into; name another with --store.")


def _counted(merged: Merged) -> str:
    counts = {
        "new": len(merged.new),
        "better than here": len(merged.replaced),
        "already there": len(merged.known),
        "missing": merged.missing,
    }
    always = ("new", "already there")
    counted = ", ".join(f"{n} {what}" for what, n in counts.items() if n or what in always)
    return f"{counted}; damaged: {shortened(merged.damaged)}." if merged.damaged else f"{counted}."
