"""Hand-made runs: the numbers come from formulas, no network was trained."""

import math
from dataclasses import replace

from overfit_cli.records import EpochRecord, RunResult
from overfit_cli.report.catalogue import Entry, OptionLine
from overfit_cli.report.headline import Subject
from overfit_cli.report.listing import StoredRun

SPEC = {"dataset": "digits", "hidden": [256, 256], "epochs": 100, "lr": 0.05, "dropout": {"p": 0.5}}

SUBJECT = Subject(
    dataset="digits",
    n_train=1078,
    n_val=359,
    n_test=360,
    sizes=(64, 256, 256, 10),
    activation="relu",
    n_parameters=85002,
    methods=("dropout: keep 0.5 (drop 0.5) of hidden units, a fresh mask per example",),
    classes=10,
)

BASELINES = {
    "majority class": {"nll": 2.3026, "error": 0.8972, "brier": 0.9},
    "linear model": {"nll": 0.1874, "error": 0.0472, "brier": 0.0771, "ece": 0.0211},
}


def epoch_record(epoch, overfitting=1.0, shift=0.0):
    """Training nll falls for ever; validation nll falls, then rises by `overfitting`."""
    train = 2.31 * math.exp(-0.18 * epoch) + 0.0004 + shift / 50
    rise = overfitting * 0.004 * max(0, epoch - 14)
    val = 2.32 * math.exp(-0.25 * epoch) + 0.18 + rise + shift
    return EpochRecord(
        epoch,
        {"nll": train, "error": min(0.9, train / 3)},
        {"nll": val, "error": min(0.9, val / 5)},
        math.nan if epoch == 0 else train + 0.01,
    )


def metrics(nll, error, **more):
    return {"nll": nll, "error": error, "brier": error * 1.8, "ece": error * 0.7, **more}


def run(epochs=100, overfitting=1.0, seed=0, **changes):
    """One finished classification run on `digits`."""
    shift = 0.01 * (seed % 3)
    curve = tuple(epoch_record(epoch, overfitting, shift) for epoch in range(epochs + 1))
    best = min(curve, key=lambda record: record.val["nll"]).epoch
    last = curve[-1]
    result = RunResult(
        run_id=f"{seed:02d}c0ffee5a1e",
        status="done",
        method="none",
        dataset="digits",
        seed=seed,
        spec=SPEC,
        n_parameters=85002,
        n_train=1078,
        n_val=359,
        n_test=360,
        members=1,
        axis="epoch",
        curves=curve,
        epochs_run=epochs,
        best_epoch=best,
        restored_epoch=None,
        seconds=1.25 + seed / 4,
        final={
            "train": metrics(last.train["nll"], last.train["error"]),
            "val": metrics(last.val["nll"], 0.0446 + shift),
            "test": metrics(last.val["nll"] - 0.02, 0.0389 + shift),
        },
        baselines=BASELINES,
    )
    return replace(result, **changes)


def stopped(seed=0, method="early-stopping"):
    """A run that stopped at epoch 27 and restored epoch 17."""
    return run(27, seed=seed, method=method, restored_epoch=17, best_epoch=17)


def diverged(epoch=7, seed=0, method="none"):
    nan = EpochRecord(epoch, *({"nll": math.nan, "error": 0.9},) * 2, math.nan)
    whole = run(epoch, seed=seed, method=method)
    return replace(
        whole, status="diverged", curves=(*whole.curves[:-1], nan), final={}, best_epoch=epoch - 1
    )


def without_validation():
    bare = run(n_val=0)
    curve = tuple(replace(record, val={}) for record in bare.curves)
    final = {part: bare.final[part] for part in ("train", "test")}
    return replace(bare, curves=curve, final=final)


def regression(seed=0):
    """House prices: a large rmse, and densities whose nll starts high."""
    curve = tuple(
        EpochRecord(
            epoch,
            {"nll": 11.9 + 2 * math.exp(-epoch / 9), "rmse": 41250.0 + 9e4 * math.exp(-epoch / 9)},
            {"nll": 12.2 + 2 * math.exp(-epoch / 7), "rmse": 60125.5 + 9e4 * math.exp(-epoch / 7)},
            0.5,
        )
        for epoch in range(0, 101, 5)
    )
    final = {
        part: {"nll": nll, "rmse": rmse, "mae": rmse * 0.7, "r2": r2}
        for part, nll, rmse, r2 in (
            ("train", 11.9, 41251.0, 0.871),
            ("val", 12.2, 60126.0, 0.745),
            ("test", 12.23, 61702.0, 0.731),
        )
    }
    baselines = {"mean": {"nll": 12.8, "rmse": 115000.0, "mae": 91000.0, "r2": -0.0003}}
    return run(
        seed=seed, dataset="houses.csv", curves=curve, best_epoch=100, final=final,
        baselines=baselines,
    )  # fmt: skip


def sampler():
    """Four chains on a problem whose truth is known; two classes, so with an AUC."""
    curve = tuple(
        replace(epoch_record(draw, 0.0), val={}, running_loss=math.nan) for draw in range(1, 201)
    )
    final = {
        "train": metrics(0.2213, 0.081, auc=0.9641),
        "test": metrics(0.2441, 0.085, auc=0.9577),
    }
    truth = {
        "majority class": metrics(0.5510, 0.24, auc=0.5),
        "true probabilities": metrics(0.2310, 0.095),
    }
    return run(
        200, method="bayes", dataset="neal-binary", axis="draw", members=4, n_train=300, n_val=0,
        n_test=10000, curves=curve, final=final, baselines=truth,
        diagnostics={"acceptance": 0.87, "divergences": 0, "rhat": {"predictions": 1.01}},
    )  # fmt: skip


ENTRY = Entry(
    name="dropout",
    summary="each unit is kept with probability p while training",
    formula="y~ = r * y, r ~ Bernoulli(p)\nz = y~ W + b",
    options=(
        OptionLine("--p", "0.5", "0 < p <= 1", "kept hidden units; one value or one per layer"),
        OptionLine("--scope", "example", "example, minibatch", "what draws a mask of its own"),
    ),
    source="Srivastava et al. 2014",
    example="overfit run --method dropout --p 0.5",
    refuses=("hmc", "exact"),
)


def stored(dataset="digits"):
    """Return five lines of `list`, a diverged run and a regression among them."""
    long = "dropout+max-norm+early-stopping"
    date = "2025-01-02T03:04:05Z"
    return [
        StoredRun("0a4c0ffee5", date, "none", dataset, 0, "done", 0.25, 0.5, 0.0389, None, 1.5),
        StoredRun(
            *("1a4c0ffee5", date, long, dataset, 1, "done", 0.2, 0.19, 0.03, None, 2.25),
            settings={"lr": 0.05, "p": [0.8, 0.5], "mask": "exact", "max_norm": 3.0},
        ),
        StoredRun("2a4c0ffee5", "", "l2", dataset, 2, "diverged", None, None, None, None, 0.5),
        StoredRun(
            "3a4c0ffee5", date, "l2", "houses.csv", 0, "done", 12.2, 12.23, None, 61702.0, 1.0
        ),
        StoredRun("4a4c0ffee5", date, "l1", dataset, 3, "done", 0.3, 0.4, 0.05, None, 61.0, ("b",)),
    ]
