"""Figures as files, and the colours they are drawn in."""

import itertools
import math
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from comparison_samples import (
    arm,
    averages,
    classification,
    comparison,
    fidelity,
    hostile,
    one_seed,
    regression,
)
from hypothesis import given
from hypothesis import strategies as st
from report_payloads import PAYLOADS

from overfit_cli.comparison.records import Band, Bin, Curves
from overfit_cli.errors import StoreError
from overfit_cli.report.compare.drawing import axes, drawn, scaled, svg
from overfit_cli.report.compare.drawings import groups
from overfit_cli.report.compare.figure_files import slug, write_figures
from overfit_cli.report.compare.palette import ALL, METHODS, PAPER, RULE, looks
from overfit_cli.report.compare.terminal_plot import comparison_plot
from overfit_cli.report.surface import plain_text


def drawings(*problems):
    return [
        d for _, found in groups(comparison(*problems)) for group in found for d in group.drawings
    ]


def test_every_figure_is_written_as_svg_and_png(tmp_path):
    made = comparison(one_seed())
    paths = write_figures(made, str(tmp_path / "new" / "figures"))
    files = sorted(Path(path) for path in paths)
    assert sorted((tmp_path / "new" / "figures").iterdir()) == files
    assert len(files) == 2 * len(drawings(one_seed()))
    for path in files:
        if path.suffix == ".png":
            assert path.read_bytes().startswith(b"\x89PNG")
        else:
            root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
            assert [child.tag.split("}")[1] for child in root][:2] == ["title", "desc"]


def test_the_same_bytes_twice(tmp_path):
    contents = [
        [
            Path(path).read_bytes()
            for path in write_figures(comparison(one_seed()), str(tmp_path / folder))
        ]
        for folder in ("a", "b")
    ]
    assert contents[0] == contents[1]


def test_hostile_names_stay_within_the_folder(tmp_path):
    folder = tmp_path / "figures"
    paths = write_figures(hostile("../../x\x00/<script> $"), str(folder))
    assert {Path(path).parent for path in paths} == {folder}
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("text", [*PAYLOADS, "../..", "x" * 300, "CON", ""])
def test_slugs_are_plain(text):
    assert 1 <= len(slug(text)) <= 48
    assert set(slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_folder_that_cannot_be_is_named(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreError, match="taken"):
        write_figures(comparison(), str(tmp_path / "taken"))
    with pytest.raises(StoreError):
        write_figures(comparison(), "a\x00b")


def test_what_is_not_finite_is_left_out():
    """Warnings are errors here: a curve that leaves the finite numbers draws without one."""
    problem = classification()
    curves = problem.arms[1].curves
    broken = (*curves.bands["val_nll"].mean[:-3], math.inf, math.nan, math.nan)
    bands = dict.fromkeys(curves.bands, Band(broken, broken, broken))
    wild = replace(problem.arms[1], curves=replace(curves, bands=bands))
    settings = tuple(replace(s, test=(math.nan,) * 10, val=s.val) for s in wild.settings)
    wild = replace(wild, settings=settings)
    for drawing in drawings(replace(problem, arms=(problem.arms[0], wild), verdicts=())):
        drawn = svg(drawing)
        assert "nan" not in drawn
        assert "inf" not in drawn


def test_settings_that_are_no_numbers_stand_side_by_side():
    sizes = arm("none", 0.2, 0.1, ("hidden",), (("256,256",), ("64",)), (5, 5))
    problem = replace(classification(), arms=(sizes,), verdicts=())
    response = next(d for d in drawings(problem) if d.name.startswith("response"))
    assert ">256,256</text>" in svg(response)


def test_learning_rates_are_on_a_log_axis():
    rates = arm("none", 0.2, 0.1, ("lr",), (("0.01",), ("0.1",), ("1",)), (5, 3, 2))
    response = next(
        d for d in drawings(replace(classification(), arms=(rates,), verdicts=())) if "lr" in d.name
    )
    ticks = [response.draw().axes[0].transData.transform((x, 0.2))[0] for x in (0.01, 0.1, 1)]
    assert ticks[1] - ticks[0] == pytest.approx(ticks[2] - ticks[1])


def test_every_seed_is_a_dot():
    scores = next(d for d in drawings(regression()) if d.name == "scores").draw().axes[0]
    drawn = [x for line in scores.lines if line.get_linestyle() == "None" for x in line.get_xdata()]
    wanted = [v for a in regression().arms for v in a.values("rmse").values()]
    assert sorted(drawn) == sorted([*wanted, 64000.0])


def test_every_seed_of_the_distance_is_a_dot():
    made = next(d for d in drawings(averages()) if d.name == "fidelity").draw().axes[0]
    drawn = [x for line in made.lines if line.get_linestyle() == "None" for x in line.get_xdata()]
    wanted = [value for each in averages().fidelity for value in each.total_variation]
    assert sorted(drawn) == sorted(wanted)
    # from zero on, so that near looks near
    assert made.get_xlim()[0] <= 0


def test_a_curve_ends_where_the_first_seed_stopped():
    """A mean over the seeds that train longest would seem to recover."""
    band = Band((2.0, 1.0, 1.5, 0.1), (1.0,) * 4, (3.0,) * 4)
    bands = {"train_nll": band, "val_nll": band}
    short = Curves("epoch", (0, 1, 2, 3), (5, 5, 5, 1), bands)
    whole = replace(classification(), arms=(replace(classification().arms[0], curves=short),))
    made = next(d for d in drawings(whole) if d.name.startswith("curves"))
    axes_drawn = made.draw().axes[0]
    assert {tuple(line.get_xdata()) for line in axes_drawn.lines} == {(0, 1, 2)}
    assert axes_drawn.get_ylim()[0] > 0.1
    assert axes_drawn.get_xlabel() == "epoch to first stop (dashed: train, solid: val)"
    assert (
        "up to the first stop. On training rows lowest 1.000, at the end 1.500." in made.description
    )
    text = plain_text(comparison_plot(comparison(whole)), 100)
    assert "lowest at 1 (^)" in text
    assert "means over seeds, up to the epoch where the first of them stopped" in text
    # the axis begins at the lowest point that is drawn
    assert "0.1" not in text


def test_who_was_held_against_nothing_has_no_distance_drawn():
    nothing = replace(averages(), fidelity=(fidelity("none", 0.1, ()),))
    assert "fidelity" not in [drawing.name for drawing in drawings(nothing)]


def luminance(colour):
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_colours_stand_out_from_the_ground(ground):
    for colour in ALL:
        if colour not in (PAPER, RULE):
            least = 3 if colour in METHODS else 4.5
            assert contrast(getattr(colour, ground), getattr(PAPER, ground)) >= least, colour


def test_colours_of_a_ground_are_all_different():
    for ground in ("light", "dark"):
        assert len({getattr(colour, ground) for colour in ALL}) == len(ALL)


def test_no_two_of_forty_nine_methods_look_alike():
    problem = replace(
        classification(),
        arms=tuple(replace(classification().arms[0], name=f"m{i}") for i in range(49)),
        baseline=None,
    )
    found = looks([problem])
    assert all(one != other for one, other in itertools.combinations(found.values(), 2))


def test_a_method_looks_the_same_in_every_problem():
    both = looks([classification(), regression()])
    assert both == looks([classification()])


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([-0.06, 0.04], ["-0.06", "-0.04", "-0.02", "0.00", "0.02", "0.04"]),
        ([5.44, 5.5], ["5.44", "5.46", "5.48", "5.50"]),
        ([50, 100], ["50", "60", "70", "80", "90", "100"]),
        ([0.01, 1.0], ["0.01", "0.1", "1"]),
    ],
)
def test_ticks_are_enough_and_written_alike(values, labels):
    _, made = axes(340, 236)
    scaled(made, "x", values)
    assert [label.get_text() for label in made.get_xticklabels()] == labels


@given(
    st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=2, max_size=5),
    st.sampled_from(["x", "y"]),
)
def test_no_two_ticks_are_labelled_alike(values, which):
    _, made = axes(340, 236)
    scaled(made, which, values)
    labels = made.get_xticklabels() if which == "x" else made.get_yticklabels()
    texts = [label.get_text() for label in labels]
    assert len(set(texts)) == len(texts) <= 12


def test_reliability_of_two_classes_begins_where_confidence_can():
    bins = (Bin(0.53, 0.61, 20, 20.0), Bin(0.97, 0.93, 80, 80.0))
    two = replace(
        classification(), arms=tuple(replace(a, reliability=bins) for a in classification().arms)
    )
    (first, *_) = [d for d in drawings(two) if d.name.startswith("calibration")]
    with drawn(first) as figure:
        (made,) = figure.axes
        for labels in (made.get_xticklabels(), made.get_yticklabels()):
            assert labels[0].get_text() == "50"
        assert list(made.lines[0].get_xdata()) == [50, 100]


def test_reliability_is_told_as_it_was_weighed():
    bins = (Bin(0.5, 0.0, 9, 1.0), Bin(0.9, 1.0, 1, 3.0))
    (first, *_) = classification().arms
    two = replace(classification(), arms=(replace(first, reliability=bins),))
    (drawing,) = [d for d in drawings(two) if d.name.startswith("calibration")]
    assert drawing.description == "Over 10 rows mean confidence 80.0%, accuracy 75.0%."
