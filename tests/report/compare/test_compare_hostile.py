"""Row 15: no payload is active in any format of a comparison, in whatever field it arrives."""

import csv
import io
import json
import unicodedata
from functools import cache
from html.parser import HTMLParser

import pytest
from comparison_samples import comparison, hostile
from markdown_it import MarkdownIt
from report_payloads import HTML, MARKDOWN, PAYLOADS, RICH, TERMINAL

from overfit_cli.report.compare.documents import comparison_csv, comparison_json
from overfit_cli.report.compare.drawing import Drawing, axes, inline_svg
from overfit_cli.report.compare.html import comparison_html
from overfit_cli.report.compare.markdown import comparison_markdown
from overfit_cli.report.compare.page import comparison_page
from overfit_cli.report.compare.terminal_plot import comparison_plot
from overfit_cli.report.escape import visible
from overfit_cli.report.surface import plain_text

CHUNKS = [" ".join(PAYLOADS[start : start + 9]) for start in range(0, len(PAYLOADS), 9)]
LARGE = [" ".join(PAYLOADS[start : start + 50]) for start in range(0, len(PAYLOADS), 50)]
ACTIVE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Read(HTMLParser):
    """Collects the tags, attributes and texts of a document."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        self.texts.append(data)


def same(text):
    return "".join(text.split())


@pytest.mark.parametrize("chunk", CHUNKS, ids=range(len(CHUNKS)))
def test_pages_show_the_text_and_obey_none_of_it(chunk):
    for page in (
        comparison_page(hostile(chunk), True, True, True, True),
        comparison_plot(hostile(chunk)),
    ):
        shown = plain_text(page, 10_000).replace("\n", "")
        assert not {unicodedata.category(character) for character in shown} & ACTIVE
        assert same(visible(chunk)) in same(shown)


@pytest.mark.parametrize("chunk", CHUNKS[::4], ids=range(0, len(CHUNKS), 4))
def test_pages_print_on_a_narrow_ascii_terminal(chunk):
    shown = plain_text(comparison_page(hostile(chunk), True, True, True, True), 50, "ascii")
    assert shown.isascii()
    assert max(map(len, shown.split("\n"))) <= 50


@pytest.mark.parametrize("text", PAYLOADS[::5])
def test_json_says_exactly_the_text(text):
    document = comparison_json(hostile(text), True)
    assert document.isascii()
    assert json.loads(document)["problems"][0]["dataset"] == text


@pytest.mark.parametrize("text", PAYLOADS[::3])
def test_no_csv_cell_is_a_formula(text):
    cells = [
        c for row in csv.reader(io.StringIO(comparison_csv(hostile(text), True, True))) for c in row
    ]
    words = [cell for cell in cells if not _is_number(cell)]
    assert not [cell for cell in words if cell.lstrip().startswith(FORMULA)]
    assert not {unicodedata.category(c) for cell in cells for c in cell} & ACTIVE
    assert any(visible(text) in cell for cell in cells)


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("text", LARGE + MARKDOWN + HTML[:3], ids=str)
def test_markdown_renders_the_text_and_nothing_else(text):
    """Rendered by another program, with raw HTML and tables allowed."""
    source = comparison_markdown(hostile(text), True, True, True, True)
    calm = comparison_markdown(hostile("calm"), True, True, True, True)
    render = MarkdownIt("commonmark").enable("table").render
    read, plain = Read(render(source)), Read(render(calm))
    assert read.tags == plain.tags
    assert read.attributes == plain.attributes
    assert same(visible(text)) in same("".join(read.texts))


@cache
def calm_html():
    return comparison_html(hostile("calm"), True, True)


@pytest.mark.parametrize("text", [*LARGE, HTML[0]], ids=("first", "second", "third", "script"))
def test_html_has_the_same_tags_whatever_the_names(text):
    read, plain = Read(comparison_html(hostile(text), True, True)), Read(calm_html())
    assert read.tags == plain.tags
    assert [(t, n) for t, n, _ in read.attributes] == [(t, n) for t, n, _ in plain.attributes]
    shown = "".join(read.texts)
    assert not {unicodedata.category(c) for c in shown if c != "\n"} & ACTIVE
    assert same(visible(text)) in same(shown)


ODD = ["$x^2$", "$", "\\frac", "#0072b2", 'id="x" url(#y)', "漢字 \u0645", "%s %(x)s {}"]


@pytest.mark.parametrize("text", [*HTML[:3], *RICH[:2], *TERMINAL[:2], *ODD])
def test_figures_show_names_as_they_are(text):
    def draw():
        figure, made = axes(340, 240, title=text)
        made.set_yticks([0], [visible(text)])
        return figure

    read = Read(inline_svg(Drawing("x", text, text, draw), "f1-"))
    assert set(read.tags) <= {"svg", "title", "desc", "g", "path", "defs", "clippath", "rect",
                              "text", "use"}  # fmt: skip
    shown = [piece.strip() for piece in read.texts if piece.strip()]
    assert shown.count(visible(text).strip()) >= 3


def test_a_calm_name_is_shown_as_it_is():
    assert "digits-remedies" in comparison_markdown(comparison(), False, False, True)
