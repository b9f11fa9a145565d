"""The flat array: all weights first, all biases after, and every view shares its memory."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from oracles.loop_network import unpack

from overfit_cli.core.layout import Layout

SIZES = st.lists(st.integers(1, 7), min_size=2, max_size=5).map(tuple)


@given(SIZES)
def test_views_are_the_loops_reading_of_the_flat_array(sizes: tuple[int, ...]) -> None:
    layout = Layout(sizes)
    flat = np.arange(3 * layout.n_parameters, dtype=float).reshape(3, -1)
    for replica in range(3):
        weights, biases = unpack(sizes, flat[replica])
        for own, expected in zip(layout.weights(flat), weights, strict=True):
            assert own[replica].tolist() == expected
        for own, expected in zip(layout.biases(flat), biases, strict=True):
            assert own[replica].tolist() == [expected]


@given(SIZES)
def test_writing_to_the_views_fills_the_flat_array(sizes: tuple[int, ...]) -> None:
    layout = Layout(sizes)
    flat = np.zeros((2, layout.n_parameters))
    for weights in layout.weights(flat):
        weights += 1
    assert flat.sum() == 2 * layout.n_weights
    assert (flat[:, : layout.n_weights] == 1).all()
    for biases in layout.biases(flat):
        biases += 1
    assert (flat == 1).all()


@given(SIZES)
def test_groups_partition_the_parameters(sizes: tuple[int, ...]) -> None:
    layout = Layout(sizes)
    places = [i for group in layout.groups for i in range(group.start, group.stop)]
    assert places == list(range(layout.n_parameters))
    assert len(layout.groups) == 2 * layout.n_layers


def test_the_default_network_has_85002_parameters() -> None:
    assert Layout((64, 256, 256, 10)).n_parameters == 85002
