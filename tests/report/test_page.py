"""The lines around the tables: the headline's label noise, diagnostics, where runs are stored."""

from dataclasses import replace

import pytest
from report_samples import SUBJECT, run

from overfit_cli.report.diagnostics import diagnostics_facts, diagnostics_lines, figure
from overfit_cli.report.headline import headline_parts
from overfit_cli.report.page import run_page, show_page
from overfit_cli.report.surface import plain_text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label_noise": 0.2}, "10 classes, 20% of train and val labels wrong"),
        ({"label_noise": 0.125, "n_val": 0}, "10 classes, 12.5% of train labels wrong"),
        (
            {"label_noise": 0.2, "classes": 0},
            "1 target, noise of 0.2 sd added to train and val targets",
        ),
        ({}, "10 classes"),
    ],
)
def test_label_noise_stands_in_the_headline(changes, said):
    assert headline_parts(replace(SUBJECT, **changes))[0].endswith(said)


def closing(*results, store=""):
    return plain_text(run_page(results, [], store=store), 200).splitlines()


def test_where_runs_are_stored_is_said_before_what_next():
    assert closing(run(), store="a.db")[-2] == "stored as 00c0ffee5a1e in a.db"
    several = closing(run(), run(seed=1), store="a.db")
    assert several[-2] == "stored: 2 runs in a.db (overfit list)"
    assert several[-1].startswith("next: ")
    assert not [line for line in closing(run()) if line.startswith("stored")]


L1 = {"zero_weights": 43030, "weights": 84480}


def test_zero_weights_are_told_in_whole_numbers():
    assert "none: 43,030 of 84,480 weights are zero" in closing(run(diagnostics=L1))
    other = L1 | {"zero_weights": 43033}
    both = [run(diagnostics=L1), run(diagnostics=other, seed=1)]
    assert "none: 43,032 of 84,480 weights are zero" in closing(*both)


def test_one_number_in_a_list_is_a_number():
    noisy = run(diagnostics={"noise_sd": [4.918033398546281], "step_sizes": [0.1, 0.2]})
    assert "none: noise_sd 4.918" in closing(noisy)
    shown = plain_text(show_page(noisy, SUBJECT), 100)
    pairs = {tuple(line.split(maxsplit=1)) for line in shown.splitlines()}
    assert {("noise_sd", "4.918"), ("step_sizes", "0.1, 0.2")} <= pairs


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (7.0, "7"), (0.81234, "0.8123"), (999.94, "999.9"), (1234.5, "1234"),
     (40400, "40,400"), (1e20, "1e+20"), (float("nan"), "unknown")],
)  # fmt: skip
def test_figures(value, said):
    assert figure(value) == said


def test_what_failed_for_a_reason_is_not_to_be_run_again():
    failed = run(status="failed", diagnostics={"reason": "laplace: give a smaller --prior-sd."})
    assert not [line for line in closing(failed) if line.startswith("next: ")]
    assert closing(failed, run(seed=1))[-1].startswith("next: ")


@pytest.mark.parametrize(("classes", "said"), [(2, "2 classes of 'y'"), (0, "target 'y'")])
def test_the_target_of_a_table_is_named(classes, said):
    told = headline_parts(replace(SUBJECT, classes=classes, target="y"))[0]
    assert said in told.split(", ")


def test_a_run_that_failed_before_it_had_a_network_has_a_headline():
    data, *methods = headline_parts(replace(SUBJECT, sizes=()))
    assert data.endswith("test rows")
    assert methods == list(SUBJECT.methods)


def test_a_figure_that_could_not_be_had_is_unknown():
    """R-hat of a single chain is no number."""
    results = [run(method="bayes", diagnostics={"r_hat_predictions": float("nan"), "ess": 2.5})]
    assert list(diagnostics_lines(results)) == ["bayes: r_hat_predictions unknown, ess 2.5"]
    assert diagnostics_facts(results[0].diagnostics)["r_hat_predictions"] == "unknown"
