"""The `overfit` command: what there is, and how every error ends.

Commands import what they need when they run, so that help and completion come at once.
"""

from __future__ import annotations

import errno
import io
import os
import re
import signal
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import Annotated, Any

import typer

from overfit_cli.cli.flags import METHODS
from overfit_cli.cli.panels import PanelledCommand
from overfit_cli.errors import Interrupted, OverfitError, StoreError, readable

# Pydantic would look for plug-ins in every installed package, which we neither need nor trust.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

# What a write to stdout can meet; every other file's refusal is told where it is written.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}

# Typer carries its own copy of click or imports it; this is the right one's class either way.
ParserError = typer.BadParameter.__mro__[2]

# Where each command is declared, below overfit_cli.cli: MODULE:FUNCTION.
COMMANDS = {
    "run": "run:run",
    "batch": "batch:batch",
    "compare": "compare:compare",
    "tune": "tune:tune",
    "merge": "merge:merge",
    "export": "export:export",
    "list": "stored:list_runs",
    "show": "stored:show",
    "rm": "stored:rm",
    "predict": "predict:predict",
    "refit": "refit:refit",
    "verify": "verify:verify",
    "methods": "catalogue:methods",
    "datasets": "catalogue:datasets",
    "schema": "batch:schema",
    "bench": "bench:bench",
    "doctor": "doctor:doctor",
}
# Those whose help is long enough for panels.
PANELLED = {"run", "batch", "compare", "tune", "refit", "bench"}


def application(names: Iterable[str] = tuple(COMMANDS)) -> typer.Typer:
    """Return the command line with the commands of these names."""
    app = typer.Typer(
        name="overfit",
        help="Which remedy against overfitting should I use on this data, and how sure can I be?",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    for name in names:
        module, function = COMMANDS[name].split(":")
        body = getattr(import_module(f"overfit_cli.cli.{module}"), function)
        app.command(name, cls=PanelledCommand if name in PANELLED else None)(body)
    return app


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"overfit {version('overfit')}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    del version, debug


def main() -> None:
    """Run the command line and exit with its code (see errors.py)."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    _buffer_output()
    code = execute(sys.argv[1:])
    if sys.stderr is not None:
        try:
            sys.stderr.flush()
        except OSError:  # nobody can be told; keep Python from trying again at exit
            sys.stderr = None
    sys.exit(code)


def _buffer_output() -> None:
    """Let what is printed arrive whole: without a buffer Python drops what a full disk refuses."""
    raw = getattr(sys.stdout, "buffer", None)
    if isinstance(raw, io.RawIOBase):
        old = sys.stdout
        buffer = io.BufferedWriter(raw)
        sys.stdout = io.TextIOWrapper(buffer, old.encoding, old.errors, line_buffering=True)


def execute(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code, every error told on stderr."""
    # --debug may stand anywhere
    debug = "--debug" in arguments
    try:
        words = [word for word in arguments if word != "--debug"]
        command = _command(words[0] if words and words[0] in COMMANDS else None)
        code = command.main(words, prog_name="overfit", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:
        if debug:
            raise
        return _told(error)
    if code == Interrupted.exit_code:
        # Typer swallows a Ctrl-C that no command has turned into a message
        return _told(KeyboardInterrupt())
    return code if isinstance(code, int) else 0


@cache
def _command(only: str | None) -> Any:
    # declaring all commands takes Typer a tenth of a second, and most processes need one
    return typer.main.get_command(application() if only is None else application([only]))


def _interrupt(number: int, frame: object) -> None:
    """Unwind, keeping what is done; a second signal leaves at once."""
    del number, frame
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, _leave)
    raise KeyboardInterrupt


def _leave(number: int, frame: object) -> None:
    del number, frame
    if sys.stderr.isatty():
        # a progress bar may have hidden the cursor
        os.write(2, b"\x1b[?25h\n")
    os._exit(Interrupted.exit_code)


def _told(error: BaseException) -> int:
    from overfit_cli.cli.console import say

    if isinstance(error, OverfitError):
        say(f"overfit: {error}", "bold red")
        return error.exit_code
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error, file=sys.stderr)
        return 2
    if isinstance(error, ParserError):
        say(_wording(error), "bold red")
        return 2
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        say("overfit: interrupted.", "bold red")
        return Interrupted.exit_code
    # Typer turns a broken pipe into an exit
    if isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError):
        # whoever read us has enough; keep Python from complaining at exit
        sys.stdout = None
        return 0
    if isinstance(error, OSError) and error.filename is None and error.errno in _FULL:
        sys.stdout = None  # what is left would be tried again at exit
        say(f"overfit: standard output: {error.strerror}. The output is not complete.", "bold red")
        return StoreError.exit_code
    if isinstance(error, MemoryError):
        say("overfit: out of memory; a smaller network, batch or data set would fit.", "bold red")
        return 1
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    say(
        f"overfit: internal error: {type(error).__name__}: {error}\n"
        "This is a bug. The same command with --debug shows where.",
        "bold red",
    )
    return 1


def _wording(error: Any) -> str:
    """Return what the option parser has to say, with the nearest name and where to read on."""
    named = type(error).__name__ == "NoSuchOption"
    message = error.message if named else error.format_message()
    near = getattr(error, "possibilities", None)
    hint = f" Did you mean {near[0]}?" if named and near else ""
    command = error.ctx.command_path if error.ctx else "overfit"
    hint += _instead(message, command)
    end = "" if message.endswith(("?", ".")) else "."
    return readable(f"overfit: {message}{end}{hint} See: {command} --help")


def _instead(message: str, command: str) -> str:
    """Say which option of `run` an extra word was probably meant for."""
    found = re.search(r"unexpected extra argument\S* \((.+)\)", message)
    if found is None or command != "overfit run":
        return ""
    words = found[1].split()
    names = [name.strip() for word in words for name in re.split(r"[,+]", word) if name]
    if names and set(names) <= set(METHODS):
        return f" Use --method {','.join(words).replace(',,', ',')}."
    return f" Use --dataset {words[0]}." if {".", "/"} & set(words[0]) else ""
