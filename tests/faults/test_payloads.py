"""Row 15: payloads in column, class and file names, from the file to every report, none active.

How each format escapes each payload in each field stands in tests/report; here they walk the whole
way, in real tables.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_payloads import PAYLOADS

from overfit_cli.cli.app import execute

TINY = ("--hidden", "2", "--epochs", "1", "--seeds", "2")
CLASSES = 3
WIDTH = 12
# what a CSV file can hold: no null, no lone half of a character, and some name at all
CARRIED = [
    text for text in PAYLOADS
    if "\0" not in text and not any(unicodedata.category(letter) == "Cs" for letter in text)
]  # fmt: skip
CHUNKS = [CARRIED[start : start + WIDTH] for start in range(0, len(CARRIED), WIDTH)]
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def table(payloads: list[str]) -> str:
    """Return a table: payloads as names of classes, of constant columns (told in a note), of
    columns of words, and as words."""
    # numbered, for they differ in blanks that are stripped
    payloads = [f"{text}{number}" for number, text in enumerate(payloads)]
    classes, columns = payloads[:CLASSES], payloads[CLASSES:]
    stream = io.StringIO()
    lines = csv.writer(stream)
    lines.writerow(["x", *columns, "y"])
    for row in range(45):
        cells = [payloads[(row + n) % WIDTH % len(payloads)] if n % 2 else 1
                 for n in range(len(columns))]  # fmt: skip
        lines.writerow([row, *cells, classes[row % len(classes)]])
    return stream.getvalue()


def file_name(payload: str) -> str:
    return payload.replace("/", "").replace("\n", " ")[:60] + ".csv"


class Page(HTMLParser):
    """Collects tags, handlers and addresses of an HTML page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.active: list[str] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag in ("script", "img", "iframe", "object", "embed", "link", "form", "base"):
            self.active.append(tag)
        self.active += [name for name in names if name.startswith("on")]
        addresses = [names.get("href"), names.get("src"), names.get("xlink:href")]
        self.active += [address for address in addresses if address and address[0] != "#"]
        if names.get("http-equiv") == "Content-Security-Policy":
            self.policy = names["content"] or ""


def said(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    """Run a command; whatever it prints moves no terminal."""
    capsys.readouterr()
    ended = execute(words)
    out, err = capsys.readouterr()
    assert ended == code, err
    seen = {unicodedata.category(letter) for letter in (out + err).replace("\n", "")}
    assert not seen & HIDDEN, words
    return out


def refuse_formulas(text: str) -> None:
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not cell.lstrip().startswith(FORMULA) or is_number(cell), cell


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("stride", [6, pytest.param(1, marks=pytest.mark.slow)])
def test_row_15_from_the_file_to_every_report(
    stride: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(CARRIED) >= 100
    for number, payloads in enumerate(CHUNKS[::stride]):
        if len(payloads) < CLASSES + 1:
            payloads = CHUNKS[0][:CLASSES] + payloads
        name = file_name(payloads[0])
        Path(name).write_text(table(payloads), encoding="utf-8", newline="")
        store = ["--store", f"s{number}.db"]
        data = [f"--dataset={name}", "--target", "y", "--method", "none,l2"]
        said(["run", *data, *TINY, *store], capsys)
        for words in (["list"], ["show"], ["compare"], ["compare", "--all-columns", "--plot"]):
            said([*words, *store], capsys)
        refuse_formulas(said(["list", "--csv", *store], capsys))
        refuse_formulas(said(["compare", "--format", "csv", *store], capsys))
        refuse_formulas(said(["predict", "last", f"./{name}", *store], capsys))
        assert said(["compare", "--json", *store], capsys).isascii()
        said(["compare", "--format", "markdown", *store], capsys)
        if stride == 1:  # takes seconds; else see tests/report/compare
            page = Page(said(["compare", "--format", "html", *store], capsys))
            assert page.active == []
            assert "default-src 'none'" in page.policy
            assert "script-src" not in page.policy


def test_no_absolute_path_is_in_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a stranger's files lie is nobody's business who gets the report."""
    folder = tmp_path / "a secret folder"
    folder.mkdir()
    # a column that is half numbers is told of with the line of its first word
    rows = "".join(f"{i},{'few' if i % 3 else i},{'ab'[i % 2]}\n" for i in range(60))
    (folder / "t.csv").write_text("x,half,y\n" + rows)
    (folder / "test.csv").write_text("x,half,y\n" + rows)
    store = ["--store", str(tmp_path / "s.db")]
    data = ["--dataset", str(folder / "t.csv"), "--test-file", str(folder / "test.csv")]
    said(["run", *data, "--target", "y", "--method", "none,l2", *TINY, *store], capsys)
    for form in ("table", "json", "csv", "markdown", "html"):
        report = said(["compare", "--all-columns", "--format", form, *store], capsys)
        assert "t.csv" in report
        assert "secret" not in report, form
