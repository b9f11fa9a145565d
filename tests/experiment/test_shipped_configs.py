"""The shipped configs: each plans what its head says, on data that exist, and the README has it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from overfit_cli.data.registry import load
from overfit_cli.data.request import DataRequest
from overfit_cli.data.sources import SOURCES
from overfit_cli.experiment.config import read_batch, shipped
from overfit_cli.experiment.plan import Plan
from overfit_cli.statistics.multiplicity import needed_seeds

README = Path(__file__).parents[2] / "README.md"
NAMES = sorted(shipped())
FAIR = ("mnist-regularisers", "mnist-regularisers-full", "noise-columns", "regression", "remedies")


def plan_of(name: str, **overrides: Any) -> Plan:
    return Plan(read_batch(name, overrides))


def head_of(name: str) -> str:
    lines = shipped()[name].read_text().splitlines()
    until = next(place for place, line in enumerate(lines) if not line.startswith("#"))
    return " ".join(line.removeprefix("#").strip() for line in lines[:until])


def settings_by_method(plan: Plan) -> dict[str, int]:
    """Count the distinct specs of each method on one seed, by going through all of them."""
    found: dict[str, set[str]] = {}
    for spec in plan:
        if spec.seed == 0:
            found.setdefault(spec.method, set()).add(spec.run_id)
    return {method: len(ids) for method, ids in found.items()}


def test_the_configs_that_the_issue_asks_for_are_there() -> None:
    assert {
        "digits-label-noise", "mc-averaging", "noise-columns", "regression", "remedies",
        "retention-n-fixed", "retention-pn-fixed", "training-size",
        "mnist-regularisers", "mnist-regularisers-full",
    } == set(NAMES)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_run_is_valid_and_there_are_as_many_as_the_head_says(name: str) -> None:
    plan = plan_of(name)
    plan.check()
    distinct = {spec.run_id for spec in plan}
    said = re.search(r"([\d,]+) runs", head_of(name))
    assert said is not None
    assert len(distinct) == len(plan) == int(said[1].replace(",", ""))


@pytest.mark.parametrize("name", NAMES)
def test_the_head_asks_a_question_and_names_source_cost_and_commands(name: str) -> None:
    head = head_of(name)
    assert "?" in head
    assert "Source: " in head
    assert "Cost: " in head
    assert plan_of(name).name == name
    command = r"overfit batch(?= +#)" if name == "remedies" else rf"overfit batch {name}\b"
    assert re.search(command, head)
    assert re.search(rf"overfit compare {name}\b", head)


@pytest.mark.parametrize("name", NAMES)
def test_its_data_set_exists_with_the_options_it_names(name: str) -> None:
    for table in plan_of(name).config.tables:
        text = str(table.options.get("dataset", "digits"))
        assert text.partition(":")[0] in SOURCES
        if text != "mnist":
            assert len(load(DataRequest(dataset=text), 0).row_ids) > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_names_it_with_its_number_of_runs(name: str) -> None:
    row = re.search(rf"^\| `{name}` \|.*$", README.read_text(), re.MULTILINE)
    assert row is not None
    assert f" {len(plan_of(name)):,} " in row[0]


@pytest.mark.parametrize("name", FAIR)
def test_every_method_has_as_many_settings_as_the_others(name: str) -> None:
    assert len(set(settings_by_method(plan_of(name)).values())) == 1


@pytest.mark.parametrize("name", FAIR)
def test_there_are_seeds_enough_for_an_exact_test_of_every_method(name: str) -> None:
    plan = plan_of(name)
    seeds = {spec.seed for spec in plan}
    assert len(seeds) >= needed_seeds(len(plan.methods()) - 1)


@pytest.mark.parametrize("name", ["noise-columns", "regression", "remedies"])
def test_no_method_has_a_learning_rate_that_none_could_not_choose(name: str) -> None:
    rates: dict[str, set[float]] = {}
    for spec in plan_of(name):
        rates.setdefault(spec.method, set()).add(spec.lr)
    assert all(own <= rates["none"] for own in rates.values())


def test_the_built_in_comparison_says_nothing_about_the_data() -> None:
    named = {spec.data for spec in plan_of("remedies")}
    assert named == {DataRequest()}


def test_where_pn_is_fixed_every_p_keeps_as_many_units() -> None:
    kept = {
        p * width
        for spec in plan_of("retention-pn-fixed")
        for width in spec.hidden
        for p in [spec.remedies["dropout"]["p"]]
    }
    assert all(abs(n - 50) <= 0.5 for n in kept)


def test_averages_differ_in_how_they_predict_and_in_nothing_else() -> None:
    trained = [
        {k: v for k, v in spec.settings.items() if k not in ("average", "mc_samples", "remedies")}
        for spec in plan_of("mc-averaging", seeds=1)
    ]
    assert len(trained) == 8
    assert all(each == trained[0] for each in trained)
