import csv
import io
import subprocess
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_payloads import PAYLOADS, SHELL, TERMINAL, UNSEEN

from overfit_cli.report.escape import (
    csv_cell,
    csv_text,
    html_text,
    markdown,
    shell,
    shell_lines,
    visible,
)

ANYTHING = st.text(st.characters(exclude_categories=()))


def test_there_are_a_hundred_payloads():
    assert len(set(PAYLOADS)) >= 100


@given(ANYTHING)
def test_nothing_unseen_is_left(text):
    seen = visible(text)
    assert not {unicodedata.category(c) for c in seen} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_what_can_be_seen_stays(text):
    assert visible(text) == text


@pytest.mark.parametrize("text", TERMINAL + UNSEEN)
def test_hostile_characters_are_written_out(text):
    assert "\\" in visible(text)


@given(ANYTHING, st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8"]))
def test_every_terminal_can_print_it(text, encoding):
    visible(text, encoding).encode(encoding)


def test_names_are_written_out_as_programmers_know_them():
    assert visible("a\nb\tc\x1b[0m\u202e\U000e0041") == "a\\nb\\tc\\x1b[0m\\u202e\\U000e0041"


@pytest.mark.parametrize("text", PAYLOADS)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_no_csv_cell_is_a_formula(text, delimiter):
    """However a spreadsheet splits the line, it finds no cell that starts a formula."""
    line = csv_text(["name", "nll"], [[text, -0.5]])
    for row in csv.reader(io.StringIO(line), delimiter=delimiter):
        for cell in row:
            starts = cell.lstrip().startswith(tuple("=+-@\t\r＝＋－＠"))
            assert not starts or cell == "-0.5"


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_csv_line_has_the_cells_it_should(text):
    rows = list(csv.reader(io.StringIO(csv_text(["a", "b"], [[text, "end"]]))))
    assert len(rows) == 2
    assert len(rows[1]) == 2
    assert rows[1][0].removeprefix("'") == visible(text).removeprefix("'")


def test_csv_numbers():
    cells = [-0.5, 0.1 + 0.2, 3, None, float("nan"), float("-inf"), "plain"]
    assert [csv_cell(c) for c in cells] == ["-0.5", "0.30000000000000004", "3", "", "", "", "plain"]


class Tags(HTMLParser):
    """Collects what a browser would take for markup, and the text."""

    def __init__(self):
        super().__init__()
        self.found, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, attrs))

    def handle_comment(self, data):
        self.found.append(("!", data))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("text", PAYLOADS)
def test_html_shows_the_text_and_nothing_else(text):
    content, attribute = Tags(), Tags()
    content.feed(f"<p>{html_text(text)}</p>")
    attribute.feed(f"<p title='{html_text(text)}' class=\"{html_text(text)}\">")
    assert content.found == [("p", [])]
    assert content.text == visible(text)
    assert attribute.found == [("p", [("title", visible(text)), ("class", visible(text))])]


@pytest.mark.parametrize("text", PAYLOADS)
def test_markdown_has_no_active_character(text):
    """Every character with a meaning has a backslash before it or is an entity."""
    bare = markdown(text).replace("\\\\", "")
    for position, character in enumerate(bare):
        if character in "|`*_[]<>#~@!:":
            assert bare[position - 1] == "\\"
    assert "www." not in bare
    assert not bare.lstrip().startswith(("-", "+", "="))


@pytest.mark.parametrize("text", SHELL + TERMINAL)
def test_a_shell_gets_exactly_the_argument(text):
    line = shell(["printf", "%s", text])
    assert visible(line) == line
    if "\x00" in text:
        return
    said = subprocess.run(["bash", "-c", line], capture_output=True, env={"LC_ALL": "C.UTF-8"})
    assert said.stdout.decode() == text


@pytest.mark.parametrize("width", [20, 40, 200])
def test_a_long_command_is_pasted_whole(width, tmp_path):
    """However it is broken, a shell reads the same words."""
    words = [
        "overfit",
        "run",
        "--dataset",
        "a b.csv",
        "--drop",
        "it's",
        "--p",
        "0.5",
        "--x",
        "$HOME\\",
    ]
    lines = shell_lines(words, width)
    assert all(len(line) <= width for line in lines)
    read = subprocess.run(
        ["bash", "-c", "printf '%s\\n' " + "\n   ".join(lines)],
        capture_output=True, text=True, check=True)  # fmt: skip
    assert read.stdout.splitlines() == words
