"""Whole reports, compared character by character."""

import re

import pytest
from comparison_samples import (
    all_diverged,
    averages,
    comparison,
    distances_of_a_regression,
    one_seed,
    several,
    several_html,
)

from overfit_cli.report.compare.documents import comparison_csv, comparison_json
from overfit_cli.report.compare.markdown import comparison_markdown
from overfit_cli.report.compare.page import comparison_page
from overfit_cli.report.compare.terminal_plot import comparison_plot
from overfit_cli.report.surface import plain_text

PAGES = {
    "several": lambda: comparison_page(several(), False, False, True),
    "all-columns": lambda: comparison_page(comparison(), True, True, True),
    "no-times": lambda: comparison_page(comparison(), False, False, False),
    "lost": lambda: comparison_page(comparison(all_diverged()), False, False, True),
    "nothing": lambda: comparison_page(comparison(problems=()), False, False, True),
    "fidelity": lambda: comparison_page(
        comparison(averages(), distances_of_a_regression()), False, True, True, True
    ),
    "plot": lambda: comparison_plot(several()),
}


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("name", PAGES)
def test_page_reads_as_it_was_approved(name, width, golden):
    golden(f"compare-{name}-{width}", plain_text(PAGES[name](), width))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_the_terminal(name, width):
    assert all(len(line) <= width for line in plain_text(PAGES[name](), width).split("\n"))


@pytest.mark.parametrize("name", PAGES)
def test_pages_need_no_more_than_ascii(name):
    shown = plain_text(PAGES[name](), 80, "ascii")
    assert shown.isascii()
    assert "\\x" not in shown


def test_json_reads_as_it_was_approved(golden):
    golden("compare-json", comparison_json(comparison(one_seed()), True).replace(", ", ",\n"))


def test_csv_reads_as_it_was_approved(golden):
    golden("compare-csv", comparison_csv(several(), True, True))


def test_markdown_reads_as_it_was_approved(golden):
    golden("compare-markdown", comparison_markdown(several(), False, True, True, True))


def test_html_reads_as_it_was_approved(golden):
    """The figures are looked at elsewhere: their bytes are the drawing library's."""
    golden("compare-html", re.sub(r"<svg .*?</svg>", "<svg/>", several_html(), flags=re.DOTALL))
