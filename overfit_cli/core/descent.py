"""Minibatch descent: the stepper of every method that optimises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.hooks import Active, Hooks
from overfit_cli.core.layout import Array, Layout, Views
from overfit_cli.core.network import Network, Workspace, backpropagate
from overfit_cli.core.optimizers import Optimizer
from overfit_cli.core.replicas import Replicas
from overfit_cli.core.schedules import Schedule
from overfit_cli.records import Axis


@dataclass(frozen=True)
class TrainingData:
    """The training rows of all splits of a stack, one after another.

    inputs (M, D); targets (M, K) as core.losses wants them; weights (M,) or None.
    """

    inputs: Array
    targets: Array
    weights: Array | None


class Descent:
    """One epoch is one pass over each replica's rows in an order of its own.

    Draws the order from streams "batch-order" and masks from "mask" (one part per layer). With
    weights, each minibatch is a weighted mean over the sum of its weights.
    """

    axis: Axis = "epoch"
    warmup = 0

    def __init__(
        self,
        network: Network,
        hooks: Hooks,
        data: TrainingData,
        optimizer: Optimizer,
        schedule: Schedule,
        batch_size: int,
        epochs: int,
    ):
        self.network, self.hooks, self.data = network, hooks, data
        self.optimizer, self.schedule = optimizer, schedule
        self.batch_size, self.epochs = batch_size, epochs
        self.masked_layers = sorted({layer for mask in hooks.masks for layer in mask.layers})
        self.freezes = any(mask.freezes for mask in hooks.masks)
        self._work: dict[int, Workspace] = {}
        self._parameters: Array | None = None
        self._gradient = np.empty((0, 0))
        self._views: tuple[Views, Views] = Views([], []), Views([], [])
        self._rate: Array = np.empty((0, 1))
        self._momentum: Array = np.empty((0, 1))

    def init(self, replicas: Replicas) -> None:
        """Apply the constraints that hold from the start, and make the optimizer's state."""
        for projection in self.hooks.projections:
            if projection.initially:
                step = np.zeros((len(replicas), 1), replicas.parameters.dtype)
                projection.apply(
                    self.network.layout, replicas.hyper, replicas.parameters, step, None
                )
        replicas.state |= self.optimizer.init(replicas.parameters)

    def advance(self, replicas: Replicas, epoch: int) -> Array:
        """Train epoch number `epoch` (from 1); return the mean penalised minibatch loss (R,)."""
        self._fit_buffers(replicas)
        n = replicas.rows.shape[1]
        order = np.stack(
            [
                rows[rng.permutation(n)]
                for rows, rng in zip(replicas.rows, replicas.streams("batch-order"), strict=True)
            ]
        )
        starts = range(0, n, self.batch_size)
        total = np.zeros(len(replicas))
        for number, start in enumerate(starts):
            index = order[:, start : start + self.batch_size]
            factor = self.schedule((epoch - 1) * len(starts) + number, self.epochs * len(starts))
            loss = self._step(replicas, index, factor)
            total += loss.astype(np.float64) * index.shape[1]
        return np.asarray(total / n)

    def noise_variance(self, replicas: Replicas) -> None:
        """Optimisers do not model the noise: it is estimated from residuals."""
        del replicas

    def _fit_buffers(self, replicas: Replicas) -> None:
        if self._parameters is replicas.parameters:
            return
        self._parameters = replicas.parameters
        self._gradient = np.empty_like(replicas.parameters)
        layout = self.network.layout
        self._views = layout.views(replicas.parameters), layout.views(self._gradient)
        self._rate, self._momentum = _column(replicas, "lr"), _column(replicas, "momentum")
        self._work = {}

    def _step(self, replicas: Replicas, index: NDArray[np.intp], factor: float) -> Array:
        work = self._gather(replicas, index)
        for layer in self.masked_layers:
            self._draw_mask(work, replicas, layer)
        active = _active(self.network.layout, work) if self.freezes else None
        before = _copies(replicas) if self.freezes else []
        base, momentum = self._rate, self._momentum
        # a learning rate multiplied into the output's error costs next to nothing
        folded = self.optimizer.linear
        loss = self._loss_and_gradient(replicas, work, base if folded else None)
        lr = _left_of(base, factor) if folded else base * factor
        self.optimizer.step(replicas.parameters, self._gradient, replicas.state, lr, momentum)
        _put_back(before, active)
        for projection in self.hooks.projections:
            reach = self.optimizer.effective_step(replicas.state, base * factor, momentum)
            projection.apply(
                self.network.layout, replicas.hyper, replicas.parameters, reach, active
            )
            # what the next projection measures must not have moved either
            _put_back(before[:1], active)
        return loss

    def _loss_and_gradient(self, replicas: Replicas, work: Workspace, rate: Array | None) -> Array:
        """Return the penalised loss (R,), and leave its gradient, times the rate (R, 1), behind."""
        work.rate = None if rate is None else rate[..., None]
        loss = backpropagate(self.network, self._views[0], work, self._views[1])
        layout, hyper, parameters = self.network.layout, replicas.hyper, replicas.parameters
        for penalty in self.hooks.penalties:
            value, slope = penalty(layout, hyper, parameters)
            if rate is not None:
                slope *= rate
            self._gradient[:, : slope.shape[1]] += slope
            loss = loss + value
        for projection in self.hooks.projections:
            if projection.value is not None:
                loss = loss + projection.value(layout, hyper, parameters)
        return loss

    def _gather(self, replicas: Replicas, index: NDArray[np.intp]) -> Workspace:
        n_rows = index.shape[1]
        if n_rows not in self._work:
            self._work[n_rows] = Workspace(
                self.network, len(replicas), n_rows, replicas.parameters.dtype
            )
        work = self._work[n_rows]
        # "clip" lets take write into the buffer directly; the indices are in range
        self.data.inputs.take(index, axis=0, out=work.inputs, mode="clip")
        self.data.targets.take(index, axis=0, out=work.targets, mode="clip")
        if self.data.weights is not None:
            work.share[:, 0] = self.data.weights[index]
            totals = work.share.sum(axis=-1, keepdims=True)
            work.share /= np.where(totals > 0, totals, 1)
        return work

    def _draw_mask(self, work: Workspace, replicas: Replicas, layer: int) -> None:
        product: Array | None = None
        for mask in self.hooks.masks:
            if layer in mask.layers:
                drawn = work.mask_buffer(layer, mask.scope)
                mask.draw(replicas.hyper, layer, replicas.streams("mask", layer), drawn)
                product = drawn if product is None else product * drawn
        work.masks[layer] = product


def _left_of(base: Array, factor: float) -> Array | None:
    """Return the factor (R, 1) on a rate that is multiplied in already; None if it is 1."""
    return None if factor == 1 else np.full_like(base, factor)


def _column(replicas: Replicas, name: str) -> Array:
    """Return a hyperparameter as (R, 1), in the parameters' precision."""
    return np.asarray(replicas.hyper[name].astype(replicas.parameters.dtype)[:, None])


def _active(layout: Layout, work: Workspace) -> Active:
    """Return (R, P): true where a parameter belongs to kept units only, on both its sides."""
    n_replicas = len(work.inputs)
    kept = [
        np.ones((n_replicas, 1, width), np.bool_) if mask is None else mask != 0
        for mask, width in zip([*work.masks, None], layout.sizes, strict=True)
    ]
    active = np.empty((n_replicas, layout.n_parameters), np.bool_)
    for layer, weights in enumerate(layout.weights(active)):
        np.logical_and(kept[layer].swapaxes(1, 2), kept[layer + 1], out=weights)
    for layer, biases in enumerate(layout.biases(active)):
        biases[...] = kept[layer + 1]
    return active


def _copies(replicas: Replicas) -> list[tuple[Array, Array]]:
    arrays = [replicas.parameters] + [
        array for array in replicas.state.values() if array.shape == replicas.parameters.shape
    ]
    return [(array, array.copy()) for array in arrays]


def _put_back(before: list[tuple[Array, Array]], active: Active | None) -> None:
    if active is not None:
        for now, earlier in before:
            np.copyto(now, earlier, where=~active)
