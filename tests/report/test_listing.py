import json
from dataclasses import replace

import pytest
from report_samples import ENTRY, sampler, stored

from overfit_cli.report.catalogue import catalogue_json
from overfit_cli.report.listing import id_length, list_csv, list_json, run_list
from overfit_cli.report.page import run_page
from overfit_cli.report.surface import plain_text


def test_ids_are_as_short_as_tells_them_apart():
    assert id_length(["0123456789", "0123456788"]) == 10
    assert id_length(["0123456789", "1123456789"]) == 8
    assert id_length(["012"]) == 3
    assert id_length(["0123456789"] * 2) == 8


def test_an_empty_store_says_what_to_do():
    assert "overfit run" in plain_text(run_list([]), 80)


def test_the_least_important_columns_make_room():
    narrow, wide = (plain_text(run_list(stored()), width) for width in (80, 200))
    assert "created" in wide
    assert "created" not in narrow
    for header in ("run", "method", "data set", "seed", "status", "test nll", "error %"):
        assert header in narrow


def test_errors_are_percent_in_the_table_and_fractions_in_json():
    assert "3.89" in plain_text(run_list(stored()), 80)
    assert json.loads(list_json(stored()))["runs"][0]["test_error"] == 0.0389


def test_settings_are_shown_as_they_are_selected_and_all_of_them_in_json():
    wide = plain_text(run_list(stored()), 200)
    assert "lr=0.05 p=0.8,0.5 max_norm=3" in wide
    assert "mask" not in wide
    assert "settings" not in plain_text(run_list(stored()), 80)
    document = json.loads(list_json(stored()))
    assert document["runs"][1]["settings"]["mask"] == "exact"
    assert "lr=0.05 p=0.8,0.5 mask=exact max_norm=3" in list_csv(stored())


def test_json_has_every_field():
    document = json.loads(list_json([replace(stored()[0], val_nll=float("nan"))]))
    assert document["schema"] == "overfit.list/1"
    assert document["runs"][0]["val_nll"] is None
    assert document["runs"][0]["batches"] == []


def test_csv_has_a_line_for_each():
    assert list_csv(stored()).count("\n") == 6


@pytest.mark.parametrize("kind", ["methods", "datasets"])
def test_catalogues(kind):
    document = json.loads(catalogue_json(kind, [ENTRY]))
    assert document["schema"] == f"overfit.{kind}/1"
    assert document[kind][0]["options"][0]["name"] == "--p"


def test_an_inference_that_warns_is_heard():
    warned = replace(sampler(), diagnostics={"warnings": ["R-hat 1.4: the chains disagree"]})
    page = plain_text(run_page([warned], []), 100)
    assert "warning: bayes: R-hat 1.4: the chains disagree" in page
