"""One offline file: nothing runs, nothing is fetched, every reference is its own."""

import re

import pytest
from comparison_samples import all_diverged, comparison, one_seed, several_html
from test_compare_hostile import Read

from overfit_cli.report.compare.html import comparison_html

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
TAGS = {
    "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p", "nav", "ul",
    "li", "a", "strong", "main", "section", "span", "div", "table", "caption", "thead", "tbody",
    "tr", "th", "td", "figure", "dl", "dt", "dd", "details", "summary", "footer", "svg", "desc",
    "g", "path", "defs", "clippath", "rect", "text", "use",
}  # fmt: skip


@pytest.fixture(scope="module")
def page():
    return several_html()


@pytest.fixture(scope="module")
def read(page):
    return Read(page)


def test_nothing_can_run_or_be_fetched(page, read):
    assert set(read.tags) <= TAGS
    assert not [name for _, name, _ in read.attributes if name.startswith("on")]
    assert {"src", "srcset", "action", "background"}.isdisjoint(n for _, n, _ in read.attributes)
    assert ("meta", "content", POLICY) in read.attributes
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert not re.findall(r"https?:|//[a-z]|@import|javascript:|data:", page)
    assert set(re.findall(r"url\(.", page)) == {"url(#"}


def test_every_reference_is_within_the_page(page, read):
    ids = [value for _, name, value in read.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = [value for _, name, value in read.attributes if name in ("href", "xlink:href")]
    labels = [
        v for _, name, value in read.attributes if name == "aria-labelledby" for v in value.split()
    ]
    assert all(link.startswith("#") for link in links)
    targets = {link[1:] for link in links} | set(labels) | set(re.findall(r"url\(#([^)]*)\)", page))
    assert targets <= set(ids)


def test_figures_speak_and_follow_the_scheme(page):
    figures = re.findall(r"<svg .*?</svg>", page, flags=re.DOTALL)
    assert len(figures) > 20
    for figure in figures:
        assert 'role="img"' in figure.split(">")[0]
        assert re.search(r"<title [^>]*>[^<]+</title><desc [^>]*>[^<]+</desc>", figure)
        assert not re.findall(r"(?:fill|stroke): #", figure)
        used = set(re.findall(r"var\(--([a-z0-9]+)\)", figure))
        assert all(f"--{name}:" in page for name in used)


def test_the_answer_comes_before_tables_and_figures(page):
    for section in page.split("<section")[1:]:
        assert section.index('class="answer"') < section.index("<table")
        assert section.index("<table") < section.index("<svg")


def test_a_method_without_any_run_and_nothing_at_all():
    assert "l1: 10 diverged (0 seeds finished)" in comparison_html(
        comparison(all_diverged()), False, True
    )
    assert "There is nothing to compare" in comparison_html(comparison(problems=()), False, True)


def test_every_tag_is_closed_in_its_place(page):
    """Void elements aside, tags nest: a browser repairs nothing."""
    open_tags = []
    body = re.sub(r"<!doctype html>|<meta[^>]*>|<[a-zA-Z][^>]*/>", "", page)
    for closing, tag in re.findall(r"<(/?)([a-zA-Z0-9]+)[^>]*>", body):
        if closing:
            assert open_tags.pop() == tag
        else:
            open_tags.append(tag)
    assert open_tags == []


def test_one_section_has_no_table_of_contents():
    assert "<nav" not in comparison_html(comparison(one_seed()), False, True)
