"""Names that try to be more than names: of files, runs, batches, data sets and outputs."""

from __future__ import annotations

import itertools
from pathlib import Path

WORDS = ("x", "x.csv", "overfit.db", "c.toml", "secret", "last")
AROUND = (
    "../{}",
    "../../{}",
    "../outside/{}",
    "a/../../outside/{}",
    "./../outside/./{}",
    "..\\..\\{}",
    "{}/../../outside/{}",
    "link/{}",
    "{outside}/{}",
    "//{outside}/{}",
    "/proc/self/cwd/../outside/{}",
    "~/{}",
    "$HOME/{}",
    "file://{outside}/{}",
    "file:{}?mode=rwc",
    "{}\0.csv",
    "{}\n../outside/x",
    "%2e%2e%2foutside%2f{}",
    "．．／outside／{}",
    "{} ; touch ../outside/{}",
    "$(touch ../outside/{})",
    "`touch ../outside/{}`",
    "| touch ../outside/{}",
    "{}\u202egnp.exe",
    "\x1b]0;{}\x07",
    "{}:stream",
    "-{}",
    "--store=../outside/{}",
    "*{}",
    "{} ",
    " {}",
)
DEVICES = (
    "CON",
    "NUL",
    "AUX",
    "COM1.csv",
    "LPT1",
    "con.toml",
    "dangling",
    "loop",
    "link",
    "out.db",
)
ODD = (
    "",
    ".",
    "..",
    "/",
    "../..",
    ":memory:",
    "file::memory:?cache=shared",
    "\0",
    "a\0b",
    "\udcff\udcfe",
    "x" * 255,
    "x" * 300,
    "x" * 5000,
    "é" * 150,
    "a/" * 200 + "x",
    "../" * 300 + "none/x",
    "last",
    "last,last",
    "a=b",
    "=",
    "overfit.db-wal",
    "overfit.db-shm",
    "overfit.db-journal",
    "openml:../../../outside/x",
    "openml:..%2f..%2fx",
    "moons:n=../x",
    "[/]",
    "<b>",
    "'; DROP TABLE runs; --",
    "%s%s%n",
    "{0.__class__}",
)


def hostile_names(outside: Path) -> list[str]:
    """Return at least 200 names; absolute ones point into `outside`."""
    made = [
        pattern.replace("{outside}", str(outside)).replace("{}", word)
        for pattern, word in itertools.product(AROUND, WORDS)
    ]
    return list(dict.fromkeys([*made, *DEVICES, *ODD]))
