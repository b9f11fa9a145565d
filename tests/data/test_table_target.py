"""A table's target: classes or numbers, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from table_samples import load

from overfit_cli.errors import DataError, UsageError


def test_a_typing_error_in_the_target(write: Any) -> None:
    rows = "".join(f"{i},{i / 7}\n" for i in range(60))
    with pytest.raises(DataError, match=r"line 62, column 'y': '0,5' is not a number"):
        load(write("a,y\n" + rows + '61,"0,5"\n'))


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([0, 1] * 5, "classification"),
        ([i % 20 for i in range(60)], "classification"),
        ([i % 21 for i in range(60)], "regression"),
        ([0.5, 1.5] * 5, "regression"),
        ([1, 2, 3, 4], "regression"),
        (["u", "w"] * 5, "classification"),
    ],
)
def test_the_task_is_told_from_the_target(write: Any, values: list[Any], task: str) -> None:
    rows = "".join(f"{i},{value}\n" for i, value in enumerate(values))
    assert load(write("a,y\n" + rows)).task == task


def test_the_task_can_be_said(write: Any) -> None:
    path = write("a,y\n1,10\n2,9\n3,10\n4,8.5\n")
    data = load(path, task="classification")
    assert data.classes == ("8.5", "9", "10")
    assert data.target.tolist() == [2, 1, 2, 0]
    data = load(path, task="regression")
    assert (data.target.tolist(), data.classes) == ([[10], [9], [10], [8.5]], ())
    with pytest.raises(DataError, match="line 3, column 'b': 'u' is not a number"):
        load(write("a,b\n1,2\n2,u\n"), target="b", task="regression")


def test_several_targets(write: Any) -> None:
    data = load(write("u,v,w\n1,2,3\n4,5,6\n"), target="w,u")
    assert (data.target_names, data.target.tolist()) == (("w", "u"), [[3, 1], [6, 4]])
    assert data.numeric_names == ("v",)
    with pytest.raises(UsageError, match="classification has one target"):
        load(write("u,v,w\n1,2,3\n4,5,6\n"), target="w,u", task="classification")


def rows(values: list[Any]) -> str:
    return "a,y\n" + "".join(f'{i * i},"{value}"\n' for i, value in enumerate(values))


def test_amounts_as_a_target_are_numbers(write: Any) -> None:
    data = load(write(rows([f"{1234.5 * i:,.2f}" for i in range(1, 41)])))
    assert (data.task, data.target[2, 0]) == ("regression", 3703.5)
    assert data.notes == ("the target 'y' is read as numbers ('1,234.50' is 1234.5).",)
    classes = load(write(rows(["1 %", "2 %"] * 20)), task="classification").classes
    assert classes == ("1 %", "2 %")


@pytest.mark.parametrize("task", [None, "regression"])
@pytest.mark.parametrize("amount", ["{:,.2f}", "{:.2f}"])
def test_an_amount_that_is_missing_is_named_by_line(
    write: Any, amount: str, task: str | None
) -> None:
    values = [amount.format(1234.5 * i) for i in range(1, 41)]
    with pytest.raises(DataError, match=r"line 7: no value for the target 'y'"):
        load(write(rows([*values[:5], "-", *values[5:]])), task=task)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([*range(30), "o5", *range(30)], "'o5' is not a number. Correct it, or delete the row."),
        (
            [1.5, 2.5, "", 3.5],
            "line 4: no value for the target 'y'. Correct it, or delete the row.",
        ),
        (
            ["None", "mild", "bad"] * 4,
            "t.csv, lines 2, 5, 8 and 1 more: no value for the target 'y': 'None' is read as "
            "missing. If it is a class, give it another name; else correct it, or delete the row.",
        ),
        ([1.5, 2.5, "NA", 3.5], "'y': 'NA' is read as missing. Correct it, or delete the row."),
    ],
)
def test_advice_on_a_target_s_cell_leads_to_no_further_error(
    write: Any, values: list[Any], message: str
) -> None:
    with pytest.raises(DataError, match=re.escape(message) + "$") as caught:
        load(write(rows(values)))
    assert str(caught.value).count("t.csv") == 1


def test_classes_that_differ_in_case_only_are_told(write: Any) -> None:
    data = load(write(rows(["yes", "Yes", "no", "by  air", "by air"] * 4)))
    assert len(data.classes) == 5
    told = "classes that differ in case or blanks only: 'Yes', 'yes', 'by  air', 'by air'."
    assert data.notes == (told,)
    assert load(write(rows(["yes", "no"] * 9))).notes == ()


def test_dates_may_be_classes(write: Any) -> None:
    few, many = (rows([f"2024-05-{i % n + 1:02}" for i in range(60)]) for n in (2, 28))
    assert load(write(few)).classes == ("2024-05-01", "2024-05-02")
    assert len(load(write(many), task="classification").classes) == 28
    with pytest.raises(DataError, match="holds dates"):
        load(write(many))


def test_classes_called_plus_and_minus_are_classes(write: Any) -> None:
    assert load(write(rows(["+", "-"] * 20))).classes == ("+", "-")
    assert load(write(rows(["1", "0", "-"] * 20))).classes == ("-", "0", "1")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([f"k{i}" for i in range(50)], "50 classes in 50 rows. Classes have to repeat"),
        ([f"{i / 2} kg" for i in range(50)], "'y' holds numbers with ' kg' behind each"),
        ([f"2024-05-{i % 28 + 1:02}" for i in range(50)], r"holds dates \('2024-05-01'\)"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused(
    write: Any, values: list[Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load(write(rows(values)))
    assert caught.value.exit_code == 65


def test_a_target_that_numbers_the_rows(write: Any) -> None:
    content = rows(list(range(50, 0, -1)))
    told = "the target 'y' is another whole number in every row (1 to 50); an id?"
    assert load(write(content)).notes == (told,)
    assert load(write(content), task="regression").notes == ()
    named = write(content.replace("a,y", "a,user_id"))
    with pytest.raises(DataError, match=r"as in an id\. Choose another --target, or say --task"):
        load(named, target="user_id")
    assert load(named, target="user_id", task="regression").task == "regression"


def test_many_whole_numbers_are_said_to_be_taken_as_numbers(write: Any) -> None:
    data = load(write(rows([i % 40 for i in range(200)])))
    assert data.task == "regression"
    assert data.notes == (
        "the target 'y' has 40 different whole numbers, taken as numbers; "
        "--task classification takes them as classes.",
    )
    assert load(write(rows([i % 40 + 0.5 for i in range(200)]))).notes == ()
