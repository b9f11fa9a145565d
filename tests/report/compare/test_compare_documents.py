"""JSON, CSV and Markdown for programs and papers."""

import csv
import html
import io
import json
from dataclasses import replace

import pytest
from comparison_samples import (
    all_diverged,
    averages,
    classification,
    comparison,
    distances_of_a_regression,
    several,
    several_html,
)

from overfit_cli.report.compare.documents import comparison_csv, comparison_json
from overfit_cli.report.compare.html import comparison_html
from overfit_cli.report.compare.markdown import comparison_markdown
from overfit_cli.report.compare.page import comparison_page
from overfit_cli.report.compare.sentence import verdict_sentence
from overfit_cli.report.surface import plain_text

FORMATS = {
    "table": lambda made, times: plain_text(comparison_page(made, True, True, times), 200),
    "json": comparison_json,
    "csv": lambda made, times: comparison_csv(made, True, times),
    "markdown": lambda made, times: comparison_markdown(made, True, True, times),
    "html": lambda made, times: comparison_html(made, True, times),
}


def one_day():
    problem = classification()
    return comparison(replace(problem, arms=problem.arms[:2], verdicts=problem.verdicts[:1]))


def another_day():
    """The same comparison, run on another day by a slower machine."""
    problem = one_day().problems[0]
    arms = tuple(
        replace(arm, trials=tuple(replace(t, seconds=7 * t.seconds) for t in arm.trials))
        for arm in problem.arms
    )
    return comparison(replace(problem, arms=arms), date="2027-01-01T00:00:00Z")


@pytest.mark.parametrize("name", FORMATS)
def test_without_times_a_report_is_the_same_bytes_on_another_day(name):
    write = FORMATS[name]
    assert write(one_day(), False) == write(another_day(), False)
    assert write(one_day(), True) != write(another_day(), True)


def test_json_says_everything_with_sentences():
    document = json.loads(comparison_json(several(), True))
    assert document["schema"] == "overfit.compare/1"
    assert document["n_runs"] == 80
    for plain, problem in zip(document["problems"], several().problems, strict=True):
        assert plain["dataset"] == problem.dataset
        sentences = [verdict_sentence(verdict, problem) for verdict in problem.verdicts]
        assert [verdict["sentence"] for verdict in plain["verdicts"]] == sentences
    scores = document["problems"][0]["arms"][1]["trials"][3]["scores"]
    assert scores == classification().arms[1].trials[3].scores


def test_json_has_null_for_what_is_not_known():
    document = json.loads(comparison_json(comparison(all_diverged()), False))
    assert document["date"] is None
    assert document["problems"][0]["arms"][0]["trials"][0]["seconds"] is None
    assert document["problems"][0]["verdicts"][0]["interval"]["difference"] is None


def test_csv_has_a_row_per_method_and_seed_that_round_trips():
    rows = list(csv.DictReader(io.StringIO(comparison_csv(comparison(), False, True))))
    problem = classification()
    trials = [(arm, trial) for arm in problem.arms for trial in arm.trials]
    assert len(rows) == len(trials) == 38
    for row, (arm, trial) in zip(rows, trials, strict=True):
        assert (row["method"], int(row["seed"])) == (arm.name, trial.seed)
        assert float(row["test_nll"]) == trial.scores["test"]["nll"]
        assert float(row["seconds"]) == trial.seconds
        assert row["restored_epoch"] == ""
        assert row["p"] == trial.setting.get("p", "")
        assert int(row["method_diverged"]) == arm.diverged


def test_every_seed_of_the_distance_is_in_json_and_csv():
    made = comparison(averages(), distances_of_a_regression())
    rows = list(csv.DictReader(io.StringIO(comparison_csv(made, False, True))))
    known = {(row["dataset"], row["method"], int(row["seed"])): row for row in rows}
    document = json.loads(comparison_json(made, True))
    for plain, problem in zip(document["problems"], made.problems, strict=True):
        assert plain["reference"] == problem.reference
        for told, found in zip(plain["fidelity"], problem.fidelity, strict=True):
            assert told["total_variation"] == list(found.total_variation)
            for at, seed in enumerate(found.seeds):
                row = known[problem.dataset, found.arm, seed]
                assert float(row["total_variation"]) == found.total_variation[at]
                assert row["agreement"] == (str(found.agreement[at]) if found.agreement else "")
                assert row["reference"] == problem.reference
    assert known["neal-binary", "none", 9]["total_variation"] == ""
    assert known["neal-binary", "bayes (inference hmc)", 0]["agreement"] == ""


def test_csv_without_a_reference_has_no_columns_for_it():
    assert "total_variation" not in comparison_csv(comparison(), True, True)


def test_csv_keeps_a_method_of_which_no_run_finished():
    rows = list(
        csv.DictReader(io.StringIO(comparison_csv(comparison(all_diverged()), False, True)))
    )
    assert rows[-1]["method"] == "l1"
    assert (rows[-1]["seed"], rows[-1]["test_nll"], rows[-1]["method_diverged"]) == ("", "", "10")


def test_csv_shows_common_settings_only_on_request():
    narrow, wide = (comparison_csv(comparison(), every, True) for every in (False, True))
    assert "optimizer" not in narrow
    assert "optimizer" in wide.split("\n")[0]


def test_the_distance_and_the_notes_are_in_every_page():
    for name in ("table", "markdown", "html"):
        shown = FORMATS[name](comparison(averages()), False)
        assert "against bayes (inference hmc)" in shown
        assert "total variation" in shown
        assert "column 'x' is constant" in html.unescape(shown)


def test_lost_runs_are_in_plain_sight_in_every_format():
    line = "l2: 3 diverged, 1 failed (8 seeds finished)"
    assert line in several_html()
    for name in ("table", "markdown"):
        assert line in FORMATS[name](comparison(), False).replace("\\", "")
