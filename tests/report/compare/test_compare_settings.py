"""Scores by setting: every setting of few, the best of many, and what is left out is said."""

import math
from dataclasses import replace

import pytest
from comparison_samples import SEEDS, arm, classification, comparison

from overfit_cli.comparison.records import Arm, Setting
from overfit_cli.report.compare import response_charts, setting_scores
from overfit_cli.report.compare.drawing import svg
from overfit_cli.report.compare.drawings import groups
from overfit_cli.report.compare.grids import setting_text
from overfit_cli.report.compare.html import comparison_html
from overfit_cli.report.compare.markdown import comparison_markdown
from overfit_cli.report.compare.page import comparison_page
from overfit_cli.report.compare.setting_scores import setting_scores_grid, settings_left_out
from overfit_cli.report.surface import plain_text


def many(rates, decays):
    """A method of rates x decays settings; the validation nll of each is known by its values."""
    tried = [
        Setting(
            {"lr": str(rate), "l2": str(decay)}, 0, SEEDS, (loss(rate, decay),) * 10, (9.0,) * 10
        )
        for rate in range(1, rates + 1)
        for decay in range(1, decays + 1)
    ]
    made = replace(arm("none", 0.2, 0.1), settings=tuple(tried), varied=("lr", "l2"))
    return replace(classification(), arms=(made,), verdicts=())


def loss(rate, decay):
    return 1 + abs(rate - 3) + abs(decay - 5) / 100


def response(problem, name):
    ((_, found),) = groups(comparison(problem))
    (group,) = (each for each in found if each.title.startswith("Response"))
    return group, next(each for each in group.drawings if each.name.endswith(name))


def test_few_settings_are_all_listed_in_their_order():
    problem = classification()
    grid = setting_scores_grid(problem, False)
    wanted = [
        (each.name, ", ".join(f"{n}={v}" for n, v in one.values.items()), str(one.chosen))
        for each in problem.arms
        for one in each.settings
    ]
    assert [row[:3] for row in grid.rows()] == wanted
    assert list(settings_left_out(problem)) == []
    alone = replace(problem, arms=(arm("none", 0.2, 0.1, (), ((),), (10,)),))
    assert setting_scores_grid(alone, False) is None


def test_the_scores_are_means_over_seeds():
    (row, *_) = setting_scores_grid(many(2, 1), False).rows()
    rate = float(row[1].split("=")[1].split(",")[0])
    assert row[3:] == ("10", f"{loss(rate, 1):.4f} ± 0.0000", "9.0000 ± 0.0000")


def test_of_many_the_best_on_validation_rows_are_listed_and_the_rest_is_counted():
    problem = many(30, 40)
    settings = problem.arms[0].settings
    best = sorted(settings, key=lambda each: each.val[0])[: setting_scores.MOST]
    rows = setting_scores_grid(problem, False).rows()
    assert {row[1] for row in rows} == {
        f"lr={each.values['lr']}, l2={each.values['l2']}" for each in best
    }
    (said,) = settings_left_out(problem)
    assert said == (
        "none: 1160 settings of 1200, worse on validation rows, left out; --json lists all"
    )
    for shown in (
        plain_text(comparison_page(comparison(problem), False, False, True, True), 200),
        comparison_markdown(comparison(problem), False, False, True, True).replace("\\", ""),
        comparison_html(comparison(problem), False, True),
    ):
        assert said in shown


def test_where_higher_is_better_the_highest_are_kept():
    problem = replace(many(30, 40), metric="auc")
    least = min(float(row[4].split()[0]) for row in setting_scores_grid(problem, False).rows())
    values = sorted((each.val[0] for each in problem.arms[0].settings), reverse=True)
    assert least == pytest.approx(values[setting_scores.MOST - 1], abs=1e-4)


def test_a_setting_without_a_validation_score_comes_last():
    problem = many(1, 50)
    blind = replace(problem.arms[0].settings[0], val=(math.nan,) * 10)
    settings = (blind, *problem.arms[0].settings[1:])
    arms = (replace(problem.arms[0], settings=settings),)
    rows = setting_scores_grid(replace(problem, arms=arms), False).rows()
    assert len(rows) == setting_scores.MOST
    assert f"lr=1, l2={blind.values['l2']}" not in [row[1] for row in rows]


def test_a_figure_of_thousands_of_settings_keeps_the_best_at_every_value():
    problem = many(20, 300)
    group, drawing = response(problem, "lr")
    figure = drawing.draw()
    dots = [line for line in figure.axes[0].lines if line.get_linestyle() == "None"]
    drawn = list(zip(dots[0].get_xdata(), dots[0].get_ydata(), strict=True))
    assert len(drawn) == response_charts.MOST
    assert sorted({x for x, _ in drawn}) == list(range(1, 21))
    for rate in range(1, 21):
        of_rate = sorted(loss(rate, decay) for decay in range(1, 301))
        assert sorted(y for x, y in drawn if x == rate) == pytest.approx(of_rate[:6])
    assert (
        "Left out are 5880 of 6000 settings of none by lr, 5900 of 6000 settings" in group.caption
    )
    assert "at each value the best on validation rows are drawn; --json has all." in group.caption


def test_more_values_than_fit_are_thinned_evenly():
    _, drawing = response(many(300, 20), "lr")
    drawn = [line.get_xdata() for line in drawing.draw().axes[0].lines]
    assert sorted(set(drawn[0])) == list(range(1, 301, 3))


def test_the_page_of_thousands_of_settings_stays_small():
    few, lots = (
        sum(len(svg(each)) for each in response(many(20, n), "lr")[0].drawings) for n in (5, 300)
    )
    assert lots < 4 * few
    assert "Left out" not in response(many(20, 5), "lr")[0].caption


def test_a_precision_that_nobody_chose_is_not_called_chosen():
    def shown(name, varied=(), all_columns=False, **values):
        setting = Setting(values, 1, (0,), (1.0,), (1.0,))
        return setting_text(Arm(name, (), (setting,), varied), setting, all_columns)

    assert shown("bayes (inference hmc)", dtype="float64", chains="4") == "chains=4"
    assert shown("none", dtype="float32") == "one setting"
    assert shown("none", dtype="float64") == "dtype=float64"
    assert shown("bayes", varied=("dtype",), dtype="float64") == "dtype=float64"
    assert shown("none", all_columns=True, dtype="float32") == "dtype=float32"
