"""What training leaves, whatever trained: networks that vote with log weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from overfit_cli.core.answers import Answer, Units, average, classify, pool, regress
from overfit_cli.core.evaluation import Part, residual_variance
from overfit_cli.core.layout import Array
from overfit_cli.core.network import Network, forward

Respond = Callable[[Network, Array, Array], Array]

# Networks evaluated together; more would only need more memory.
TOGETHER = 16

# Networks whose densities are averaged together.
AT_ONCE = 4096


@dataclass(frozen=True)
class Predictor:
    """A weighted set of networks.

    votes() yields (parameters (r, P), log weights (r,)), made anew at each call, so that thinned
    networks need not be kept. noise_variance: (1 or M, T) in standardised units for regression.
    respond: (network, parameters, inputs (n, D)) -> (r, n, K).
    """

    network: Network
    votes: Callable[[], Iterator[tuple[Array, Array]]]
    units: Units
    noise_variance: Array | None = None
    respond: Respond = forward

    def outputs(self, inputs: Array) -> tuple[Array, Array]:
        """Return every network's logits or means (M, n, K) and the log weights (M,)."""
        return _joined(list(self._blocks(inputs)))

    def answers(self, parts: Sequence[tuple[Array, Array | None]]) -> list[Answer]:
        """Return the averaged answer for each (inputs, targets or None); targets give densities."""
        if self.network.likelihood == "gaussian":
            return [self._regress(inputs, targets) for inputs, targets in parts]
        totals: list[Array | None] = [None] * len(parts)
        weight = -np.inf
        for parameters, log_weights in self.votes():
            for place, (inputs, _) in enumerate(parts):
                logits = self.respond(self.network, parameters, inputs)
                log_p = classify(self.network.likelihood, logits).log_probabilities
                totals[place] = _add(totals[place], weight, log_p, log_weights)
            weight = np.logaddexp(weight, np.logaddexp.reduce(log_weights))
        return [Answer(log_probabilities=total) for total in totals]

    def _regress(self, inputs: Array, targets: Array | None) -> Answer:
        if self.noise_variance is None:
            raise TypeError("a regression needs the variance of its noise")
        total: Answer | None = None
        weight, seen = -np.inf, 0
        for outputs, log_weights in self._blocks(inputs):
            own = self.noise_variance[seen : seen + len(outputs)]
            noise = self.noise_variance if len(self.noise_variance) == 1 else own
            variance = np.broadcast_to(noise, (len(outputs), noise.shape[1]))
            latest = average(regress(outputs, variance, self.units, targets), log_weights)
            both = np.array([weight, np.logaddexp.reduce(log_weights)])
            total = latest if total is None else pool(total, latest, both)
            weight, seen = np.logaddexp.reduce(both), seen + len(outputs)
        if total is None:
            raise TypeError("an average needs at least one network")
        return total

    def _blocks(self, inputs: Array) -> Iterator[tuple[Array, Array]]:
        """Yield logits or means (m, n, K) and log weights (m,), about AT_ONCE networks at once."""
        held: list[tuple[Array, Array]] = []
        for parameters, log_weights in self.votes():
            held.append((self.respond(self.network, parameters, inputs), log_weights))
            if sum(len(weights) for _, weights in held) >= AT_ONCE:
                yield _joined(held)
                held = []
        if held:
            yield _joined(held)


def _joined(pairs: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    return np.concatenate([out for out, _ in pairs]), np.concatenate([w for _, w in pairs])


def _add(total: Array | None, weight: float, log_p: Array | None, log_weights: Array) -> Array:
    latest = average(Answer(log_probabilities=log_p), log_weights).log_probabilities
    if latest is None:
        raise TypeError("classification answers are log probabilities")
    if total is None:
        return latest
    both = np.array([weight, np.logaddexp.reduce(log_weights)])
    pooled = average(Answer(log_probabilities=np.stack([total, latest])), both).log_probabilities
    return total if pooled is None else pooled


def with_estimated_noise(predictor: Predictor, part: Part) -> Predictor:
    """Return a regression predictor whose noise is the averaged prediction's residual on `part`."""
    outputs, log_weights = predictor.outputs(part.inputs)
    weights = np.exp(log_weights - np.logaddexp.reduce(log_weights))
    mean = np.tensordot(weights, outputs.astype(np.float64), 1)
    variance = residual_variance(mean[None], part)
    return Predictor(
        predictor.network, predictor.votes, predictor.units, variance, predictor.respond
    )


def fixed_votes(
    parameters: Array, log_weights: Array
) -> Callable[[], Iterator[tuple[Array, Array]]]:
    """Return votes over stored parameters (M, P), TOGETHER at a time."""

    def votes() -> Iterator[tuple[Array, Array]]:
        for start in range(0, len(parameters), TOGETHER):
            part = slice(start, start + TOGETHER)
            yield parameters[part], log_weights[part]

    return votes
