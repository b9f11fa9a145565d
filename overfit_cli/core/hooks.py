"""What a remedy may change in training and prediction, and how several remedies compose.

Hooks hold no state. Every function takes `hyper`, whose arrays lead with R: only the engine
indexes them, and drops the rows of replicas that have finished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.layout import Array, Layout
from overfit_cli.errors import UsageError

Hyper = Mapping[str, NDArray[Any]]
Streams = Sequence[np.random.Generator]
Active = NDArray[np.bool_]


@dataclass(frozen=True)
class Mask:
    """Multiplicative noise on the inputs of some layers while training.

    layers: whose inputs are masked (0: the network's own inputs). draw(hyper, layer, streams,
    out): fills out (R, B, width), or (R, 1, width) in minibatch scope, one stream per replica.
    freezes: a deleted unit's parameters and optimizer
    state must come out of the step as they went in.
    """

    scope: Literal["example", "minibatch"]
    layers: tuple[int, ...]
    draw: Callable[[Hyper, int, Streams, Array], None]
    freezes: bool = False


@dataclass(frozen=True)
class Projection:
    """A step after the optimizer's, in place.

    apply(layout, hyper, parameters, step, active): step is the optimizer's effective step,
    (R, 1) or (R, P); active (R, P) or None marks what may move. value(layout, hyper, parameters)
    -> (R,): the penalty of which apply is the proximal operator, None for a constraint.
    initially: apply to the initial parameters too.
    """

    apply: Callable[[Layout, Hyper, Array, Array, Active | None], None]
    value: Callable[[Layout, Hyper, Array], Array] | None = None
    initially: bool = False


@dataclass(frozen=True)
class Stop:
    """When to stop and which epoch to restore.

    init(hyper) -> state, all (R,); observe(hyper, state, epoch, metrics) -> (improved (R,),
    stop (R,)), and updates state; metrics are clean validation metrics by name, (R,) each.
    """

    init: Callable[[Hyper], dict[str, NDArray[Any]]]
    observe: Callable[
        [Hyper, dict[str, NDArray[Any]], int, Mapping[str, Array]],
        tuple[NDArray[np.bool_], NDArray[np.bool_]],
    ]


Scale = Callable[[Hyper, int], NDArray[Any]]
Penalty = Callable[[Layout, Hyper, Array], tuple[Array, Array]]
Votes = Callable[[Layout, Hyper, Array, Sequence[tuple[int, int]]], Iterator[Array]]


@dataclass(frozen=True)
class Hooks:
    """A remedy as the engine sees it; `Hooks()` is no remedy, the unit of `compose`.

    scale(hyper, layer) -> (R,): factor on that layer's incoming weights at prediction.
    penalty(layout, hyper, parameters) -> value (R,) and gradient (R, n_weights) in the weights.
    votes(layout, hyper, parameters, keys): the networks (R, P) to average over at the end instead
    of the weight-scaled one; keys are the replicas' (seed, member).
    """

    hyper: Hyper = field(default_factory=dict)
    masks: tuple[Mask, ...] = ()
    scales: tuple[Scale, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    projections: tuple[Projection, ...] = ()
    stop: Stop | None = None
    votes: Votes | None = None


def column(values: Sequence[Any], dtype: Any = np.float64) -> NDArray[Any]:
    """Return one hyperparameter of R replicas as an array that leads with R."""
    return np.asarray(values, dtype=dtype)


def compose(parts: Mapping[str, Hooks]) -> Hooks:
    """Combine named remedies: masks multiply, penalties add, projections go in the order given.

    Raises:
        UsageError: if two parts want to stop training, or to vote; names both.
    """
    return Hooks(
        hyper={key: value for hooks in parts.values() for key, value in hooks.hyper.items()},
        masks=tuple(mask for hooks in parts.values() for mask in hooks.masks),
        scales=tuple(scale for hooks in parts.values() for scale in hooks.scales),
        penalties=tuple(penalty for hooks in parts.values() for penalty in hooks.penalties),
        projections=tuple(item for hooks in parts.values() for item in hooks.projections),
        stop=_at_most_one(parts, "stop"),
        votes=_at_most_one(parts, "votes"),
    )


def _at_most_one(parts: Mapping[str, Hooks], name: str) -> Any:
    having = [(part, getattr(hooks, name)) for part, hooks in parts.items()]
    having = [(part, hook) for part, hook in having if hook is not None]
    if len(having) > 1:
        raise UsageError(f"'{having[0][0]}' and '{having[1][0]}' cannot be combined: both {name}.")
    return having[0][1] if having else None


def prediction_parameters(layout: Layout, hooks: Hooks, hyper: Hyper, parameters: Array) -> Array:
    """Return parameters (R, P) with each layer's weights multiplied by every `scale`.

    The biases are not scaled (Srivastava et al. 2014, section 4 and figure 2). Without a scale
    the parameters themselves are returned, not a copy.
    """
    if not hooks.scales:
        return parameters
    scaled = parameters.copy()
    for layer, weights in enumerate(layout.weights(scaled)):
        for scale in hooks.scales:
            weights *= scale(hyper, layer).astype(scaled.dtype)[:, None, None]
    return scaled
