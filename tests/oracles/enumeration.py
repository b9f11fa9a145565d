"""All thinned networks of a small network, each with its probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from overfit_cli.core.hooks import Hooks, Hyper, Streams
from overfit_cli.core.layout import Array, Layout
from overfit_cli.remedies.dropout import thinned


@dataclass(frozen=True)
class Thinned:
    """networks: parameters (2^n, R, P); probability (2^n, R)."""

    networks: Array
    probability: Array


def every_mask(widths: Sequence[int]) -> list[list[Array]]:
    """All joint masks of layers of these widths."""
    whole = [np.array(bits) for bits in product([False, True], repeat=sum(widths))]
    edges = np.cumsum(widths)[:-1]
    return [np.split(bits, edges) for bits in whole]


def all_thinned(layout: Layout, hooks: Hooks, parameters: Array) -> Thinned:
    """The remedy's own thinned(), fed with every mask in turn instead of random ones."""
    (mask,) = hooks.masks
    masks = every_mask([layout.sizes[layer] for layer in mask.layers])
    queues = {layer: [joint[place] for joint in masks] for place, layer in enumerate(mask.layers)}

    def draw(hyper: Hyper, layer: int, streams: Streams, out: Array) -> None:
        out[...] = queues[layer].pop(0)

    fed = replace(mask, draw=draw)
    keys = [(0, 0)] * len(parameters)
    networks = np.stack(list(thinned(fed, len(masks), layout, hooks.hyper, parameters, keys)))
    keep = hooks.hyper["dropout.keep"]
    probability = np.array(
        [
            np.prod(
                [
                    np.where(bits, keep[:, [layer]], 1 - keep[:, [layer]]).prod(axis=1)
                    for layer, bits in zip(mask.layers, joint, strict=True)
                ],
                axis=0,
            )
            for joint in masks
        ]
    )
    return Thinned(networks, probability)
