"""Do the chains agree, and how many independent draws are theirs worth?

Draws are (S, R, k): S draws of R chains of k quantities. Vehtari, Gelman, Simpson, Carpenter &
Buerkner 2021, "Rank-normalization, folding, and localization: an improved R-hat".
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from overfit_cli.core.layout import Array
from overfit_cli.records import HIGH_R_HAT, LOW_ESS_PER_CHAIN
from overfit_cli.words import plural

FEWEST_DRAWS = 4


def diagnose(log_posterior: Array, predictions: Array) -> tuple[dict[str, float], list[str]]:
    """Return the worst figures of two traces (S, R, 1) and (S, R, k), and what is wrong with them.

    Warns above an R-hat of 1.05 and under an effective size of 25 draws per chain: half of what
    Vehtari et al. ask for, who want the estimates of R-hat itself to be stable.
    """
    n_draws, n_chains, _ = log_posterior.shape
    figures = {
        "r_hat_log_posterior": float(r_hat(log_posterior).max()),
        "ess_log_posterior": _worst_ess(log_posterior),
        "r_hat_predictions": float(r_hat(predictions).max()),
        "ess_predictions": _worst_ess(predictions),
    }
    if n_draws < FEWEST_DRAWS:
        verb = "is" if n_draws == 1 else "are"
        return figures, [
            f"{plural(n_draws, 'draw')} per chain {verb} too few to judge convergence; at least "
            f"{FEWEST_DRAWS} are needed: raise --samples."
        ]
    warnings = []
    if n_chains < 2:
        warnings.append(
            "one chain: R-hat compares chains and needs at least two, so nothing shows whether "
            "another start would have led elsewhere; raise --chains."
        )
    for what in ("predictions", "log_posterior"):
        warnings += _warnings(what, figures["r_hat_" + what], figures["ess_" + what], n_chains)
    return figures, warnings


def _worst_ess(draws: Array) -> float:
    """Return the smallest effective size of what moves; NaN if nothing does or is not finite."""
    sizes = bulk_ess(draws)
    if not np.isfinite(draws).all() or np.isnan(sizes).all():
        return math.nan
    return float(np.nanmin(sizes))


def _warnings(what: str, r: float, size: float, n_chains: int) -> list[str]:
    name, said = what.replace("_", " "), []
    verb = "is" if what == "log_posterior" else "are"
    if math.isnan(size):
        said.append(
            f"the {name} of the draws never moved or {verb} not finite: the chains are stuck; "
            "raise --warmup."
        )
    if r > HIGH_R_HAT:
        said.append(
            f"the chains disagree: R-hat of the {name} is {r:.2f}, above {HIGH_R_HAT}; "
            "raise --warmup and --samples."
        )
    if size < LOW_ESS_PER_CHAIN * n_chains:
        said.append(
            f"the {name} {verb} worth only {plural(round(size), 'independent draw')}, under "
            f"{LOW_ESS_PER_CHAIN * n_chains}; raise --samples."
        )
    return said


def effective_voters(log_weights: Array) -> float:
    """Return (sum w)^2 / sum w^2 (Kish 1965): what weighted voters are worth; (M,)."""
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / (weights**2).sum())


def entropy(log_weights: Array) -> float:
    """Return -sum p log p in nats of weights (M,): log M if all are equal, 0 if one is alone."""
    weights = np.exp(log_weights - log_weights.max())
    p = weights / weights.sum()
    # a weight so small that it is lost in the sum adds nothing
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def r_hat(draws: Array) -> Array:
    """Return the rank-normalised split R-hat (k,): the larger of bulk and folded.

    NaN for a single chain, under 4 draws, or a draw that is not finite; 1 for a quantity that
    never changes.
    """
    if draws.shape[1] < 2 or len(draws) < FEWEST_DRAWS:
        return np.full(draws.shape[2], np.nan)
    finite = np.isfinite(draws).all(axis=(0, 1))
    draws = np.where(finite, draws, 0)
    halves = _split(draws)
    folded = np.abs(halves - np.median(halves, axis=(0, 1)))
    found = np.maximum(_r_hat(_rank_normalise(halves)), _r_hat(_rank_normalise(folded)))
    return np.where(finite, found, np.nan)


def bulk_ess(draws: Array) -> Array:
    """Return the bulk effective sample size (k,), of the rank-normalised split chains.

    n / (1 + 2 sum of autocorrelations), the sum cut by Geyer's initial monotone sequence; NaN
    under 4 draws, for a draw that is not finite, and for a quantity that never changes.
    """
    if len(draws) < FEWEST_DRAWS:
        return np.full(draws.shape[2], np.nan)
    finite = np.isfinite(draws).all(axis=(0, 1))
    draws = np.where(finite, draws, 0)
    return np.where(
        finite & (np.ptp(draws, axis=(0, 1)) > 0),
        _effective_size(_rank_normalise(_split(draws))),
        np.nan,
    )


def _split(draws: Array) -> Array:
    half = len(draws) // 2
    return np.concatenate([draws[:half], draws[len(draws) - half :]], axis=1)


def _rank_normalise(draws: Array) -> Array:
    """Replace each value by the normal quantile of (rank - 3/8) / (n + 1/4), ties by mean rank."""
    count = draws.shape[0] * draws.shape[1]
    quantile = NormalDist().inv_cdf
    # mean ranks are whole or half numbers
    table = np.array(
        [quantile((rank / 2 - 0.375) / (count + 0.25)) for rank in range(2, 2 * count + 1)]
    )
    flat = draws.reshape(count, -1)
    normal = [table[_doubled_ranks(column) - 2] for column in flat.T]
    return np.stack(normal, axis=1).reshape(draws.shape)


def _doubled_ranks(values: Array) -> NDArray[np.intp]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.asarray((2 * last - counts + 1)[inverse])


def _r_hat(chains: Array) -> Array:
    """Return sqrt(((n-1)/n W + B/n) / W), W within and B/n between chains of n draws."""
    n_draws = len(chains)
    within = chains.var(axis=0, ddof=1).mean(axis=0)
    between = chains.mean(axis=0).var(axis=0, ddof=1)
    still = (within == 0) & (between == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (n_draws - 1) / n_draws + between / within
    return np.where(still, 1.0, np.sqrt(ratio))


def _effective_size(chains: Array) -> Array:
    n_draws, n_chains, _ = chains.shape
    total = n_draws * n_chains
    covariance = _autocovariance(chains)
    within = covariance[0] * n_draws / (n_draws - 1)
    pooled = covariance[0] + chains.mean(axis=0).var(axis=0, ddof=1)
    moving = pooled > 0
    correlation = 1 - (within - covariance) / np.where(moving, pooled, 1)
    correlation[0] = 1
    time = _correlation_time(correlation)
    # antithetic chains may be worth more than their length, but not without bound
    size = total / np.maximum(time, 1 / math.log10(total))
    return np.asarray(np.where(moving, size, total))


def _autocovariance(chains: Array) -> Array:
    """Return the autocovariance (S, k), divided by S at every lag and averaged over chains."""
    n_draws = len(chains)
    centred = chains - chains.mean(axis=0)
    spectrum = np.fft.rfft(centred, 2 * n_draws, axis=0)
    power = (spectrum * spectrum.conj()).real
    return np.asarray(np.fft.irfft(power, axis=0)[:n_draws].mean(axis=1) / n_draws)


def _correlation_time(correlation: Array) -> Array:
    """Return -1 + 2 sum of the pairs rho_2m + rho_2m+1 (k,) while they are positive.

    Each pair is at most the one before (Geyer 1992, section 3.3). The first that is not positive,
    or else the last that lags allow, gives its even term once, which lowers the variance (Stan's
    refinement; ArviZ counts the lags alike).
    """
    n_pairs = max(1, (len(correlation) - 1) // 2)
    even, odd = correlation[0 : 2 * n_pairs : 2], correlation[1 : 2 * n_pairs : 2]
    pairs = even + odd
    positive = np.logical_and.accumulate(pairs > 0, axis=0)
    out = np.minimum(positive.sum(axis=0), n_pairs - 1)
    falling = np.minimum.accumulate(np.where(positive, pairs, np.inf), axis=0)
    total = np.where(np.arange(n_pairs)[:, None] < out, falling, 0.0).sum(axis=0)
    last = np.take_along_axis(even, out[None], axis=0)[0]
    return np.asarray(-1 + 2 * total + np.where(positive.all(axis=0), last, np.maximum(last, 0.0)))
