"""Generators whose true probabilities or means are known: rows are drawn, truths are exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overfit_cli.data.dataset import Floats, Ints, Truth
from overfit_cli.data.source import Values
from overfit_cli.data.truth import curve_nodes, posterior
from overfit_cli.rng import stream

Draw = Callable[[np.random.Generator, int], tuple[Floats, NDArray[Any]]]
Centres = Callable[[np.random.Generator, Ints], Floats]
PARAMETERS = 2  # the stream's part for what belongs to the problem; 0 and 1 draw its rows


@dataclass(frozen=True)
class Problem:
    """A generator with its options fixed.

    draw: (rng, n) -> inputs (n, D), target: class codes (n,) or values (n, 1). classes: their
    names, none for regression.
    """

    draw: Draw
    truth: Truth
    classes: tuple[str, ...] = ()


def moons(values: Values) -> Problem:
    """Two interleaved half circles of radius 1, smeared by Gaussian noise."""

    def curves(t: Floats) -> Floats:
        x, y = np.cos(np.pi * t), np.sin(np.pi * t)
        return np.stack([np.stack([x, y], -1), np.stack([1.0 - x, 0.5 - y], -1)])

    return _smeared_curves(curves, np.pi, values)


def circles(values: Values) -> Problem:
    """Two circles about the origin, of radius 1 and `factor`, smeared by Gaussian noise."""
    radii = np.array([1.0, values["factor"]])

    def curves(t: Floats) -> Floats:
        circle = np.stack([np.cos(2.0 * np.pi * t), np.sin(2.0 * np.pi * t)], -1)
        both: Floats = radii[:, None, None] * circle
        return both

    return _smeared_curves(curves, 2.0 * np.pi, values)


def spirals(values: Values) -> Problem:
    """Archimedean arms from the centre out to radius 1, smeared by Gaussian noise."""
    arms = np.arange(int(values["arms"]))[:, None] / values["arms"]

    def curves(t: Floats) -> Floats:
        angle = 2.0 * np.pi * (values["turns"] * t + arms)
        return np.stack([t * np.cos(angle), t * np.sin(angle)], -1)

    return _smeared_curves(curves, float(np.hypot(1.0, 2.0 * np.pi * values["turns"])), values)


def blobs(values: Values) -> Problem:
    """Spherical Gaussian classes about centres drawn from N(0, 1) with the option `seed`."""
    shape = (int(values["classes"]), int(values["features"]))
    rng = stream(int(values["seed"]), "generator", part=PARAMETERS)
    return _smeared_points(rng.standard_normal(shape)[:, None, :], values)


def xor(values: Values) -> Problem:
    """Gaussian clouds at the corners of a square; opposite corners are one class."""
    points = np.array([[[-1.0, -1.0], [1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]])
    return _smeared_points(points, values)


def neal_binary(values: Values) -> Problem:
    """Neal's binary problem: x ~ N(0, I), P(1 | x) = exp(-((x1 - .4)^2 + (x2 + .3)^2)^2)."""

    def draw(rng: np.random.Generator, n: int) -> tuple[Floats, NDArray[Any]]:
        x = rng.standard_normal((n, 2))
        return x, (rng.random(n) < predict(x)[:, 1]).astype(np.int64)

    def predict(x: Floats) -> Floats:
        one = np.exp(-(((x[:, 0] - 0.4) ** 2 + (x[:, 1] + 0.3) ** 2) ** 2))
        return np.stack([1.0 - one, one], axis=1)

    return Problem(draw, Truth(predict), ("0", "1"))


def friedman1(values: Values) -> Problem:
    """Friedman's first: 10 sin(pi x1 x2) + 20 (x3 - .5)^2 + 10 x4 + 5 x5 + noise, x ~ U(0, 1)."""
    features = int(values["features"])

    def mean(x: Floats) -> Floats:
        curved = 10.0 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20.0 * (x[:, 2] - 0.5) ** 2
        height: Floats = curved + 10.0 * x[:, 3] + 5.0 * x[:, 4]
        return height[:, None]

    return _noisy_mean(mean, lambda rng, n: rng.random((n, features)), values)


def sine(values: Values) -> Problem:
    """One period of a sine: sin(2 pi x) + noise, x ~ U(0, 1)."""
    return _noisy_mean(
        lambda x: np.sin(2.0 * np.pi * x[:, :1]), lambda rng, n: rng.random((n, 1)), values
    )


def sparse_linear(values: Values) -> Problem:
    """x1 - x2 + x3 - ... over the `relevant` first of `features` inputs, x ~ N(0, I), + noise."""
    features, relevant = (
        int(values["features"]),
        min(int(values["relevant"]), int(values["features"])),
    )
    signs = (-1.0) ** np.arange(relevant)
    return _noisy_mean(
        lambda x: (x[:, :relevant] @ signs)[:, None],
        lambda rng, n: rng.standard_normal((n, features)),
        values,
    )


def _noisy_mean(
    mean: Callable[[Floats], Floats],
    inputs: Callable[[np.random.Generator, int], Floats],
    values: Values,
) -> Problem:
    def draw(rng: np.random.Generator, n: int) -> tuple[Floats, NDArray[Any]]:
        x = inputs(rng, n)
        return x, mean(x) + values["noise"] * rng.standard_normal((n, 1))

    return Problem(draw, Truth(mean, noise_sd=float(values["noise"])))


def _smeared_curves(curves: Callable[[Floats], Floats], speed: float, values: Values) -> Problem:
    """`curves`: t (M,) in [0, 1] -> (K, M, 2); a row's t is uniform on its class's curve."""
    nodes, weights = curve_nodes(speed, values["noise"])

    def centres(rng: np.random.Generator, codes: Ints) -> Floats:
        on_curves: Floats = curves(rng.random(len(codes)))[codes, np.arange(len(codes))]
        return on_curves

    return _smeared(centres, curves(nodes), weights, values)


def _smeared_points(points: Floats, values: Values) -> Problem:
    """`points` (K, M, d): a row's centre is one of its class's M points, each as likely."""
    n_points = points.shape[1]

    def centres(rng: np.random.Generator, codes: Ints) -> Floats:
        chosen: Floats = points[codes, rng.integers(n_points, size=len(codes))]
        return chosen

    return _smeared(centres, points, np.full(n_points, 1.0 / n_points), values)


def _smeared(centres: Centres, points: Floats, weights: Floats, values: Values) -> Problem:
    """Equally many rows of each class, about their centres, beside `extra` inputs of pure noise."""
    n_classes, _, width = points.shape

    def draw(rng: np.random.Generator, n: int) -> tuple[Floats, NDArray[Any]]:
        codes = rng.permutation(np.arange(n) % n_classes)
        x = centres(rng, codes) + values["noise"] * rng.standard_normal((n, width))
        return np.hstack([x, rng.standard_normal((n, int(values["extra"])))]), codes

    truth = Truth(posterior(points, weights, values["noise"]))
    return Problem(draw, truth, tuple(str(k) for k in range(n_classes)))
