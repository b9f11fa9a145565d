"""Dropout: train on randomly thinned networks, predict with their average."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.hooks import Hooks, Hyper, Mask, Streams, column
from overfit_cli.core.layout import Array, Layout
from overfit_cli.remedies.remedy import Option, Remedy, Settings, wrong_length
from overfit_cli.rng import stream

# Keep probabilities are multiples of 2^-16: sixteen random bits decide about one unit.
RESOLUTION = 2**16


def keep_probabilities(layout: Layout, settings: Settings) -> list[float]:
    """Return the retention of each layer's input: p_input, then p for each hidden layer.

    Raises:
        UsageError: if p is a list whose length is not the number of hidden layers.
    """
    n_hidden = layout.n_layers - 1
    p = settings["p"]
    hidden = list(p) if isinstance(p, list | tuple) else [p] * n_hidden
    if len(hidden) != n_hidden:
        raise wrong_length("--p", len(hidden), n_hidden)
    return [settings["p_input"], *hidden]


def kept_units(width: int, keep: NDArray[Any]) -> NDArray[np.intp]:
    """Return max(1, floor(p n + .5)), the size of an exact subset."""
    return np.maximum(1, np.floor(keep * width + 0.5)).astype(np.intp)


def highest_word(keep: NDArray[Any]) -> NDArray[np.uint16]:
    """Return the highest 16-bit word that keeps a unit: round(p 2^16) - 1, at least 0."""
    return np.asarray(np.maximum(np.round(keep * RESOLUTION), 1) - 1, np.uint16)


# The highest word of p = 1/2, for which one random bit is enough.
COIN = RESOLUTION // 2 - 1


def _bernoulli(hyper: Hyper, layer: int, streams: Streams, out: Array) -> None:
    """r_j ~ Bernoulli(p): a 16-bit random word up to the highest keeps the unit; or a fair coin."""
    highest, flat = hyper["dropout.highest"][:, layer], out.reshape(len(out), -1)
    size = flat.shape[1]
    fair = highest == COIN
    for chosen, units_per_word in ((fair, 64), (~fair, 4)):
        own = list(compress(streams, chosen.tolist()))
        if not own:
            continue
        n_words = -(-size // units_per_word)
        drawn = np.concatenate([rng.bit_generator.random_raw(n_words) for rng in own])
        words = drawn.reshape(len(own), n_words)
        rows = slice(None) if len(own) == len(flat) else chosen
        # compared first and copied then: a comparison straight into floats is twice as slow
        flat[rows] = (
            np.unpackbits(words.view(np.uint8), axis=1, count=size)
            if units_per_word == 64
            else words.view(np.uint16)[:, :size] <= highest[rows, None]
        )


def _exact(hyper: Hyper, layer: int, streams: Streams, out: Array) -> None:
    """Keep a uniformly random subset of exactly kept_units units, per row or per minibatch."""
    out[...] = 0
    n_rows, width = out.shape[1:]
    counts = kept_units(width, hyper["dropout.keep"][:, layer])
    for replica, rng in enumerate(streams):
        order = rng.random((n_rows, width)).argsort(axis=-1)
        np.put_along_axis(out[replica], order[:, : counts[replica]], 1, axis=-1)


def _gaussian(hyper: Hyper, layer: int, streams: Streams, out: Array) -> None:
    """r_j ~ N(1, (1 - p) / p) (Srivastava et al. 2014, section 10)."""
    keep = hyper["dropout.keep"][:, layer]
    spread = np.sqrt((1 - keep) / keep)
    for replica, rng in enumerate(streams):
        out[replica] = 1 + spread[replica] * rng.standard_normal(out[replica].shape, np.float32)


DRAWS = {"bernoulli": _bernoulli, "exact": _exact, "gaussian": _gaussian}


def _retention(kind: str, sizes: tuple[int, ...]) -> Callable[[Hyper, int], NDArray[Any]]:
    def scale(hyper: Hyper, layer: int) -> NDArray[Any]:
        """Return the factor on the layer's incoming weights that keeps expected inputs as they are.

        p, or for an exact subset its own fraction; an unmasked layer (p = 1) has factor 1.
        """
        keep = hyper["dropout.keep"][:, layer]
        if kind == "exact":
            return np.where(keep < 1, kept_units(sizes[layer], keep) / sizes[layer], 1.0)
        return np.asarray(keep)

    return scale


def thinned(
    mask: Mask,
    samples: int,
    layout: Layout,
    hyper: Hyper,
    parameters: Array,
    keys: Sequence[tuple[int, int]],
) -> Iterator[Array]:
    """Yield `samples` thinned networks: the rows of W^l times one mask of layer l's input."""
    streams = {
        layer: [stream(seed, "mc-mask", member, layer) for seed, member in keys]
        for layer in mask.layers
    }
    for _ in range(samples):
        network = parameters.copy()
        weights = layout.weights(network)
        for layer in mask.layers:
            drawn = np.empty((len(network), 1, layout.sizes[layer]), network.dtype)
            mask.draw(hyper, layer, streams[layer], drawn)
            weights[layer] *= drawn.swapaxes(1, 2)
        yield network


def build(layout: Layout, settings: Sequence[Settings]) -> Hooks:
    """Return masks in training, and at prediction scaled weights or `average=mc`'s votes."""
    keep = column([keep_probabilities(layout, one) for one in settings])
    kind, scope = settings[0]["mask"], settings[0]["scope"]
    mask = Mask(
        scope=scope,
        layers=tuple(int(layer) for layer in np.flatnonzero((keep < 1).any(axis=0))),
        draw=DRAWS[kind],
        freezes=scope == "minibatch" and kind != "gaussian",
    )
    votes = partial(thinned, mask, settings[0]["mc_samples"])
    return Hooks(
        hyper={"dropout.keep": keep, "dropout.highest": highest_word(keep)},
        masks=(mask,) if mask.layers else (),
        scales=() if kind == "gaussian" else (_retention(kind, layout.sizes),),
        votes=votes if settings[0]["average"] == "mc" else None,
    )


def _words(settings: Settings) -> str:
    p = settings["p"]
    values = p if isinstance(p, list | tuple) else [p]
    keep = ", ".join(f"{value:g}" for value in values)
    drop = ", ".join(f"{1 - value:.4g}" for value in values)
    words = f"dropout: keep {keep} (drop {drop}) of hidden units"
    if settings["p_input"] < 1:
        words += f", keep {settings['p_input']:g} (drop {1 - settings['p_input']:.4g}) of inputs"
    draws = {"bernoulli": "a fresh mask", "exact": "an exact subset", "gaussian": "Gaussian noise"}
    words += f", {draws[settings['mask']]} per {settings['scope']}"
    if settings["average"] == "mc":
        words += f", average of {settings['mc_samples']} thinned networks"
    return words


P_HELP = "probability that a hidden unit is KEPT (0.5 drops half)"

DROPOUT = Remedy(
    name="dropout",
    summary="train randomly thinned networks that share weights, predict with their average",
    formula="train: z = (r * y) W + b, r_j ~ Bernoulli(p), p = keep; predict: z = y (p W) + b",
    source="Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014, JMLR 15",
    example="overfit run --method dropout --p 0.5",
    options=(
        Option("p", float, 0.5, P_HELP, low=1 / RESOLUTION, high=1, per_layer=True),
        Option("p_input", float, 1.0, "the same for inputs", low=1 / RESOLUTION, high=1),
        Option(
            "scope",
            str,
            "example",
            "a fresh mask for every example, or one thinned network per minibatch",
            choices=("example", "minibatch"),
            structural=True,
        ),
        Option(
            "mask",
            str,
            "bernoulli",
            "independent units, a subset of exact size, or Gaussian noise of mean 1",
            choices=("bernoulli", "exact", "gaussian"),
            structural=True,
        ),
        Option(
            "average",
            str,
            "weights",
            "at prediction: scaled weights, or the mean over thinned networks (mc)",
            choices=("weights", "mc"),
            structural=True,
        ),
        Option(
            "mc_samples",
            int,
            50,
            "thinned networks for --average mc",
            low=1,
            structural=True,
            need=("average", ("mc",)),
        ),
    ),
    build=build,
    words=_words,
    neutral={"p": 1.0},
)
