"""What terminals, pipes and their settings make of the output."""

import os
import pty
import re
import struct
import subprocess
import sys
from fcntl import ioctl
from termios import TIOCSWINSZ

import pytest
from cli_samples import COMMAND, TINY, environment

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m")
SEVERAL = (*TINY, "--method", "none,dropout+max-norm+early-stopping", "--seeds", "2")


def on_terminal(*arguments, columns=80, program=COMMAND, **changes):
    """Run a command on a terminal so wide; return everything it wrote."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    settings = {"TERM": "xterm-256color"} | changes
    process = subprocess.Popen(
        [program, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment(**settings)
    )
    os.close(slave)
    written = b"".join(iter(lambda: _read(master), b""))
    os.close(master)
    assert process.wait(60) == 0, written
    return written.decode()


def _read(master):
    try:
        return os.read(master, 65536)
    except OSError:  # Linux's way to say that the other side is closed
        return b""


@pytest.mark.parametrize("columns", [80, 140])
def test_nothing_is_wider_than_the_terminal_and_colours_are_used(columns):
    written = on_terminal("run", *SEVERAL, columns=columns)
    lines = ESCAPE.sub("", written.replace("\r", "\n")).split("\n")
    assert max(map(len, lines)) <= columns
    assert COLOUR.search(written)
    # the progress bar leaves nothing behind, the cursor included
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1


def test_no_color():
    written = on_terminal("run", *TINY, NO_COLOR="1")
    assert not COLOUR.search(written)
    assert "─" in written


def test_dumb_terminal():
    written = on_terminal("run", *TINY, TERM="dumb")
    assert "\x1b" not in written
    assert "next: " in written


def test_force_color_on_a_pipe(cli, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert ESCAPE.search(cli("run", *TINY).out)
    assert not ESCAPE.search(cli("run", *TINY, "--json").out)


def test_a_pipe_gets_no_escapes_and_no_animation(cli):
    ended = cli("run", *SEVERAL)
    assert "\x1b" not in ended.out + ended.err
    assert "\r" not in ended.out + ended.err
    assert max(map(len, ended.out.splitlines())) > 80


def test_columns_are_honoured_on_a_pipe(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, cli("run", *SEVERAL).out.splitlines())) <= 60


def test_a_narrow_encoding(process):
    ended = process("run", *SEVERAL, "--plot", LC_ALL="C", PYTHONIOENCODING="latin-1")
    assert "next: " in ended.out
    ended.out.encode("latin-1")


def test_messages_in_a_narrow_encoding(process):
    ended = process("run", "--dataset", "mönd→", code=2, PYTHONIOENCODING="ascii")
    assert "m\\xf6nd\\u2192" in ended.err


def test_a_reader_that_leaves_early_is_no_error(cli, process):
    cli("run", *TINY, "--seeds", 9)
    for command in ("list --json", "--version"):
        pipe = f"{{ {COMMAND} {command}; echo $? >&2; }} | true"
        ended = process(command=("sh", "-c", pipe))
        assert ended.err == "0\n", command


def test_hostile_names_are_harmless(cli, empty_folder):
    name = "\x1b[31mred\x1b]0;title\x07[bold].csv"
    rows = "".join(f"{i},{'a' if i % 2 else 'b'}\n" for i in range(40))
    (empty_folder / name).write_text("x,y\n" + rows)
    small = ("--target", "y", "--hidden", "3", "--epochs", "1")
    for command in (("run", "--dataset", name, *small), ("list",), ("show",), ("verify",)):
        ended = cli(*command)
        assert "\x1b" not in ended.out + ended.err
        assert "\x07" not in ended.out + ended.err
    assert "\\x1b[31mred" in cli("list").out
    assert "\x1b" not in cli("run", "--dataset", "\x1b[31m", code=2).err


LONG = "words that go on " * 8
COMMAND_LINE = "overfit run --dataset " + "x" * 90 + " --resume"
MESSAGE = f"note: {LONG}\n{COMMAND_LINE}"
SAY = f"from overfit_cli.cli.console import say; say({MESSAGE!r})"


def test_a_terminal_wraps_messages_at_words_but_not_commands():
    lines = on_terminal("-c", SAY, columns=40, program=sys.executable).splitlines()
    *words, command = [ESCAPE.sub("", line).rstrip() for line in lines]
    assert len(words) > 1
    assert max(map(len, words)) <= 40
    assert " ".join(words).split() == ["note:", *LONG.split()]
    assert command == COMMAND_LINE


def test_off_a_terminal_messages_are_not_wrapped(process):
    ended = process("-c", SAY, command=(sys.executable,), COLUMNS="40", FORCE_COLOR="1")
    assert [ESCAPE.sub("", line).rstrip() for line in ended.err.splitlines()] == [
        f"note: {LONG}".rstrip(), COMMAND_LINE,
    ]  # fmt: skip
