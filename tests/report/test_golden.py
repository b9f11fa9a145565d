"""Whole pages, compared character by character at two widths."""

from dataclasses import replace

import pytest
from report_samples import (
    ENTRY,
    SUBJECT,
    diverged,
    regression,
    run,
    sampler,
    stopped,
    stored,
    without_validation,
)

from overfit_cli.report.catalogue import Entry, catalogue, entry_page
from overfit_cli.report.headline import headline
from overfit_cli.report.listing import run_list
from overfit_cli.report.page import run_page, show_page
from overfit_cli.report.surface import plain_text

NONE = ["--method", "none"]


def seeds_of_stopped():
    """Three seeds that stopped at epochs 25 to 27, so that fewer are averaged at the end."""
    return [
        replace(stopped(seed), curves=stopped(seed).curves[: 26 + seed], epochs_run=25 + seed)
        for seed in range(3)
    ]


def several_methods():
    return [
        run(),
        run(overfitting=0.1, method="dropout"),
        stopped(),
        diverged(method="l2"),
        stopped(method="dropout+max-norm+early-stopping"),
    ]


PAGES = {
    "one": lambda: run_page([run()], NONE, with_plot=True),
    "every": lambda: run_page([stopped()], ["--every", "5"], every=5),
    "seeds": lambda: run_page([*map(seeded, range(5)), diverged(seed=5)], NONE),
    "stopped-seeds": lambda: run_page(seeds_of_stopped(), ["--seeds", "3"]),
    "methods": lambda: run_page(several_methods(), NONE, with_plot=True),
    "method-seeds": lambda: run_page(
        [r for s in range(3) for r in (seeded(s), seeds_of_stopped()[s])], NONE
    ),
    "diverged": lambda: run_page([diverged()], NONE),
    "no-validation": lambda: run_page([without_validation()], NONE),
    "regression": lambda: run_page([regression()], ["--dataset", "houses.csv"], with_plot=True),
    "sampler": lambda: run_page([sampler()], ["--method", "bayes", "--inference", "hmc"]),
    "show": lambda: show_page(run(notes=("2 rows are in training and test",)), SUBJECT),
    "headline": lambda: headline(replace(SUBJECT, seeds=(0, 1, 2), n_train=48000)),
    "list": lambda: run_list(stored()),
    "method": lambda: entry_page(ENTRY),
    "catalogue": lambda: catalogue([ENTRY, Entry("none", "a plain network, trained to the end")]),
}


def seeded(seed):
    return run(seed=seed)


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize("name", PAGES)
def test_page_reads_as_it_was_approved(name, width, golden):
    golden(f"{name}-{width}", plain_text(PAGES[name](), width))


def test_page_in_ascii(golden):
    golden("one-ascii", plain_text(PAGES["one"](), 80, "ascii"))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_no_line_is_wider_than_the_terminal(name, width):
    assert all(len(line) <= width for line in plain_text(PAGES[name](), width).split("\n"))


@pytest.mark.parametrize("name", PAGES)
def test_nothing_breaks_where_there_is_no_terminal(name):
    """Off a terminal lines are as long as they need to be, and numbers never cut."""
    wide, narrow = (plain_text(PAGES[name](), width) for width in (10_000, 60))
    assert "…" not in wide + narrow
    assert max(map(len, wide.split("\n"))) < 400
