"""Text from files and users made harmless before it reaches a terminal, a CSV, Markdown or HTML."""

from __future__ import annotations

import html
import math
import re
import shlex
import unicodedata
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that steer a terminal, reorder text or cannot be seen."""

NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
CONTINUED = " \\"
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the start of a formula, in half and full width."""


def visible(text: str, encoding: str = "utf-8") -> str:
    r"""Return `text` on one line with every unseen character written out, as `\n` or `\x1b`.

    What `encoding` cannot express is written out too, so that printing never fails.
    """
    plain = "".join(_seen(character) for character in text)
    return plain.encode(encoding, "backslashreplace").decode(encoding)


def _seen(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN:
        return character
    return NAMED.get(character) or _escaped(ord(character))


def _escaped(code: int) -> str:
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def shell(arguments: Iterable[str]) -> str:
    """Return `arguments` as one line to paste into a shell.

    Unseen characters become bash's `$'...'`, so that the line is both harmless and exact.
    """
    return " ".join(_shell_word(argument) for argument in arguments)


def shell_lines(arguments: Iterable[str], width: int) -> list[str]:
    r"""Return `arguments` as lines to paste into a shell, each but the last ending in a `\`."""
    lines = [""]
    for word in map(_shell_word, arguments):
        joined = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and cell_len(joined) > width - len(CONTINUED):
            lines.append(word)
        else:
            lines[-1] = joined
    return [line + CONTINUED for line in lines[:-1]] + lines[-1:]


def _shell_word(argument: str) -> str:
    if visible(argument) == argument:
        return shlex.quote(argument)
    quoted = argument.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{visible(quoted)}'"


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> str:
    """Return a CSV document (RFC 4180, LF): text neutralised, absent and non-finite cells empty."""
    lines = [header, *rows]
    return "".join(",".join(csv_cell(cell) for cell in line) + "\n" for line in lines)


def csv_cell(value: str | float | None) -> str:
    """Return one CSV cell: numbers as they round-trip, text that no spreadsheet will run.

    Semicolons and blanks are quoted as well: some spreadsheets split there.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if not isinstance(value, str):
        return repr(value)
    text = visible(value)
    if value.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(FORMULA):
        text = f"'{text}"
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if re.search(r'[,;|"\'\s]', text) else text


def markdown(text: str) -> str:
    """Return `text` as inline Markdown that shows itself: no HTML, table cell, link or mention."""
    safe = html.escape(visible(text), quote=False)
    safe = re.sub(r"([\\`*_\[\]#|~!@:])", r"\\\1", safe)
    safe = re.sub(r"(?i)(www)\.", r"\1\\.", safe)
    return re.sub(r"^(\s*\d*)([-+=.)])", r"\1\\\2", safe)


def html_text(text: str) -> str:
    """Return `text` for HTML content and quoted attributes."""
    return html.escape(visible(text), quote=True)
