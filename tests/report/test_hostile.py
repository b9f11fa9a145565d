"""Row 15: no payload is active on any page, in whatever field it arrives."""

import json
import unicodedata
from dataclasses import replace

import pytest
from report_payloads import PAYLOADS
from report_samples import ENTRY, SUBJECT, run, stored

from overfit_cli.report.catalogue import OptionLine, catalogue, catalogue_json, entry_page
from overfit_cli.report.escape import visible
from overfit_cli.report.headline import headline
from overfit_cli.report.json_text import runs_json
from overfit_cli.report.listing import list_csv, list_json, run_list
from overfit_cli.report.page import run_page, show_page
from overfit_cli.report.surface import plain_text

CHUNKS = [" ".join(PAYLOADS[start : start + 9]) for start in range(0, len(PAYLOADS), 9)]
"""Payloads nine at a time, so that every field of every page has met each of them."""


def poisoned(text, **changes):
    """A run whose every free text is `text`."""
    spec = {"dataset": text, text: text, "nested": {text: [text]}}
    short = run(8)
    return replace(
        short,
        run_id=text, dataset=text, method=text, notes=(text,), spec=spec,
        environment={text: text}, diagnostics={text: 1.0, "list": [text]},
        baselines={text: short.baselines["linear model"]}, **changes,
    )  # fmt: skip


def pages(text):
    subject = replace(SUBJECT, dataset=text, methods=(text,), activation=text, target=text)
    line = replace(stored()[0], run_id=text, method=text, dataset=text, batches=(text,))
    entry = replace(
        ENTRY, name=text, summary=text, formula=text, source=text, example=text, refuses=(text,),
        facts=((text, text),), options=(OptionLine(text, text, text, text),),
    )  # fmt: skip
    several = [poisoned(text), run(8, method="l2")]
    return [
        headline(subject),
        show_page(poisoned(text), subject),
        run_page([poisoned(text), poisoned(text, seed=1)], [text, text], with_plot=True),
        run_page(several, ["--dataset", text], with_plot=True),
        run_page([poisoned(text, status="diverged"), poisoned(text, status="failed")], []),
        run_list([line, *stored(text)]),
        catalogue([entry]),
        entry_page(entry),
    ]


@pytest.mark.parametrize("chunk", CHUNKS, ids=range(len(CHUNKS)))
def test_pages_show_the_text_and_obey_none_of_it(chunk):
    for page in pages(chunk):
        shown = plain_text(page, 10_000).replace("\n", "")
        active = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        assert not {unicodedata.category(character) for character in shown} & active
        assert visible(chunk).replace(" ", "") in shown.replace(" ", "")


@pytest.mark.parametrize("chunk", CHUNKS[::3], ids=range(0, len(CHUNKS), 3))
def test_pages_print_on_a_narrow_ascii_terminal(chunk):
    for page in pages(chunk):
        shown = plain_text(page, 50, "ascii")
        assert shown.isascii()
        assert max(map(len, shown.split("\n"))) <= 50


@pytest.mark.parametrize("text", PAYLOADS)
def test_json_is_ascii_and_says_exactly_the_text(text):
    documents = [
        runs_json([poisoned(text)]),
        list_json([replace(stored()[0], dataset=text)]),
        catalogue_json("datasets", [replace(ENTRY, name=text)]),
    ]
    assert all(document.isascii() for document in documents)
    said = [json.loads(document) for document in documents]
    assert said[0]["runs"][0]["dataset"] == text
    assert said[1]["runs"][0]["dataset"] == text
    assert said[2]["datasets"][0]["name"] == text


def test_csv_of_the_list_is_harmless():
    assert list_csv([replace(stored()[0], dataset="=1+1")]).count("'=1+1") == 1
