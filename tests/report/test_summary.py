import re
import statistics

import pytest
from report_samples import diverged, metrics, regression, run, sampler, stopped, without_validation

from overfit_cli.report.summary import places_of, spread, summary
from overfit_cli.report.surface import plain_text


def rows(results, width=200):
    lines = plain_text(summary(results), width).split("\n")
    return {re.split(r"  | \(", line)[0]: line for line in lines}


def test_train_val_and_test_with_their_rows():
    text = plain_text(summary([run()]), 80)
    for label in ("train (1078 rows)", "val (359 rows)", "test (360 rows)"):
        assert label in text


def test_values_of_the_test_row():
    cells = rows([run()])["test"].split()[3:]
    final = run().final
    gap = final["test"]["nll"] - final["train"]["nll"]
    assert cells == ["0.5040", "3.89", "96.11", "0.0700", "0.0272", f"{gap:.4f}"]


def test_mean_and_standard_deviation_over_seeds():
    runs = [run(seed=seed) for seed in range(4)]
    errors = [100 * each.final["test"]["error"] for each in runs]
    expected = f"{statistics.mean(errors):.2f} ± {statistics.stdev(errors):.2f}"
    assert expected in rows(runs)["test"]
    assert "over 4 seeds" in plain_text(summary(runs), 80)


def test_equal_values_have_no_deviation():
    """Averages of equal numbers differ in their last bit; that is not scatter."""
    runs = [run(seed=seed) for seed in range(3)]
    assert "0.1874 ± 0.0000" in rows(runs)["linear model"]


def test_diverged_seeds_are_not_averaged():
    assert rows([run()])["test"] == rows([run(), diverged(seed=1)])["test"]


def test_several_methods_are_compared_on_test_rows():
    text = plain_text(summary([run(), stopped(), diverged(method="l2")]), 120)
    assert text.startswith("on test rows")
    assert "l2 (diverged)" in text
    lines = {line.split()[0]: line.split() for line in text.split("\n") if line}
    assert lines["early-stopping"][-2:] == ["17", "1.25"]
    assert lines["none"][-2:] == ["-", "1.25"]


def test_a_method_that_lost_seeds_says_so():
    text = plain_text(summary([run(), run(seed=1), diverged(seed=2), stopped()]), 140)
    assert "none (2 of 3 seeds)" in text


def test_without_test_rows_methods_are_compared_on_validation_rows():
    runs = [
        run(method=m, final={"train": metrics(0.1, 0.1), "val": metrics(0.2, 0.1)}) for m in "ab"
    ]
    assert plain_text(summary(runs), 120).startswith("on val rows")


def test_no_empty_row_or_column():
    text = plain_text(summary([without_validation()]), 120)
    assert "val" not in text
    assert "AUC" not in text


def test_auc_for_two_classes():
    assert "0.9577" in rows([sampler()])["test"]
    assert "true probabilities" in plain_text(summary([sampler()]), 80)


def test_regression_has_its_own_columns():
    text = plain_text(summary([regression()]), 80)
    assert text.split("\n")[0].split() == ["nll", "rmse", "mae", "r2", "gap"]
    assert "61702" in text


@pytest.mark.parametrize("width", [50, 60, 80, 100, 140])
def test_numbers_are_whole_at_any_width(width):
    """Columns may be stacked; accuracy, which repeats error, may be left out; nothing else."""
    runs = [run(seed=seed) for seed in range(3)]
    wide = plain_text(summary(runs), 1000).split("\n")[4]
    wanted = [cell for cell in wide.split("  ") if "±" in cell and not cell.strip().startswith("9")]
    narrow = plain_text(summary(runs), width)
    assert len(wanted) >= 5
    assert all(cell.strip() in narrow for cell in wanted)


def test_nothing_to_show():
    failed = run(status="failed", final={}, baselines={}, curves=())
    assert "no metrics were recorded" in plain_text(summary([failed]), 80)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([{"epochs_run": 1}], "1 epoch run, "),
        ([{"epochs_run": 2}], "2 epochs run, "),
        ([{"epochs_run": 1}, {"epochs_run": 3, "seed": 1}], "1 to 3 epochs run, "),
        ([{"epochs_run": 20, "axis": "draw"}], "20 draws per chain, "),
    ],
)
def test_how_long_was_trained(changes, said):
    assert f"\n{said}" in plain_text(summary([run(**each) for each in changes]), 100)


def test_a_deviation_is_written_like_its_mean():
    """A zero beside a small mean would hide what the seeds scatter."""
    table = [[3.2e-7, 3.6e-7], [2.1e-7, 2.1e-7]]
    written = [spread(values, places_of(table), "±") for values in table]
    assert written == ["3.40e-07 ± 2.8e-08", "2.10e-07 ± 0"]
    assert spread([1e-5, 3e-5], 4, "±") == "2.0e-05 ± 1.4e-05"
    assert spread([0.41230, 0.41234], 4, "±") == "0.4123 ± 0.0000"
    wide = [[9e5, 7e5], [5e5, 8e6]]
    assert spread(wide[0], places_of(wide), "±") == "8.00e+05 ± 1.41e+05"
