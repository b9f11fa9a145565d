"""Hand-made comparisons: every number comes from a formula, no network was trained."""

import math
from dataclasses import replace
from functools import cache

from overfit_cli.comparison.records import (
    Arm,
    Band,
    Bin,
    Comparison,
    Curves,
    Fidelity,
    Interval,
    Problem,
    Setting,
    Trial,
    Verdict,
)
from overfit_cli.report.compare.html import comparison_html

SEEDS = tuple(range(10))
DATE = "2026-03-01T12:00:00Z"
COMMON = {"hidden": "256,256", "epochs": "100", "batch_size": "32", "optimizer": "sgd"}
REFERENCES = {
    "majority class": {"nll": 2.3026, "error": 0.8972, "brier": 0.9},
    "linear model": {"nll": 0.2874, "error": 0.0772, "brier": 0.1171, "ece": 0.0211},
}


def wave(seed):
    """A number between -1 and 1 that differs by seed and looks like noise."""
    return math.sin(12.9898 * (seed + 1))


def scores(seed, level, gap):
    nll = level + 0.03 * wave(seed)
    new = {"nll": nll, "error": nll / 6, "brier": nll / 3, "ece": nll / 10}
    train = {"nll": nll - gap, "error": 0.001, "brier": 0.002, "ece": 0.003}
    return {"train": train, "val": {**new, "nll": nll + 0.01}, "test": new}


def trial(seed, level, gap, setting, restored=None):
    return Trial(
        run_id=f"{seed:02d}c0ffee5a1e",
        seed=seed,
        setting=setting,
        selected_by=level + 0.01,
        scores=scores(seed, level, gap),
        seconds=1.25 + seed / 8,
        best_epoch=20 + seed,
        restored_epoch=restored,
    )


def curves(level, rise, seeds=10, stops=False, second="error"):
    """Training falls for ever, validation to `level` and then rises."""
    epochs = tuple(range(0, 101, 5))
    train = [2.3 * math.exp(-0.09 * epoch) + 0.0008 for epoch in epochs]
    val = [2.0 * math.exp(-0.15 * epoch) + level + rise * epoch / 100 for epoch in epochs]
    n = tuple(max(1, seeds - index // 3) if stops else seeds for index in range(len(epochs)))
    return Curves(
        "epoch",
        epochs,
        n,
        {
            "train_nll": band(train),
            "val_nll": band(val),
            f"train_{second}": band([value / 6 for value in train]),
            f"val_{second}": band([value / 6 for value in val]),
        },
    )


def band(values):
    return Band(
        tuple(values), tuple(0.85 * value for value in values), tuple(1.2 * v for v in values)
    )


def reliability(over):
    """A network that is too sure by `over` at the top."""
    centres = [0.35 + 0.05 * index for index in range(13)]
    return tuple(
        Bin(c, max(0.0, c - over * c * c), *[10 + 12 * i] * 2) for i, c in enumerate(centres)
    )


def settings(names, grid, level, chosen):
    """One setting per entry of `grid`, worse the further from the first."""
    return tuple(
        Setting(
            dict(zip(names, values, strict=True)),
            won,
            SEEDS,
            tuple(level + 0.02 * place + 0.02 * wave(seed) for seed in SEEDS),
            tuple(level + 0.025 * place + 0.03 * wave(seed + 1) for seed in SEEDS),
        )
        for place, (values, won) in enumerate(zip(grid, chosen, strict=True))
    )


def arm(name, level, gap, names=("lr",), grid=(("0.05",), ("0.1",)), chosen=(8, 2), **changes):
    found = settings(names, grid, level, chosen)
    chosen_setting = dict(found[0].values)
    arm = Arm(
        name,
        tuple(replace(trial(seed, level, gap, chosen_setting), tried=len(found)) for seed in SEEDS),
        found,
        varied=names,
        curves=curves(level - 0.03, gap / 3),
        reliability=reliability(gap / 2),
    )
    return replace(arm, **changes)


def verdict(name="dropout", difference=-0.041, half=0.019, finding="better", **changes):
    """A verdict on nll by ten seeds, whose differences scatter as the interval says."""
    made = Verdict(
        arm=name,
        baseline="none",
        test="corrected t",
        finding=finding,
        interval=Interval("nll", difference, difference - half, difference + half),
        seeds=SEEDS,
        differences=tuple(difference + 1.3 * half * wave(seed) for seed in SEEDS),
        p=0.0006,
        p_holm=0.003,
        rope=0.01,
        comparisons=5,
        probabilities=(0.98, 0.019, 0.001),
        test_over_train=0.25,
        others=(
            Interval("error", difference / 6, (difference - half) / 6, (difference + half) / 6),
            Interval("ece", difference / 10, (difference - half) / 10, (difference + half) / 10),
        ),
    )
    return replace(made, **changes)


def undecided(name, difference=0.004, half=0.014, **changes):
    return verdict(
        name, difference, half, "undecided",
        **{"p": 0.52, "p_holm": 0.97, "probabilities": (0.1, 0.7, 0.2), "enough": 1234, **changes},
    )  # fmt: skip


def classification():
    grid = (("0.1", "0.5"), ("0.05", "0.5"), ("0.1", "0.8"), ("0.05", "0.8"))
    penalties = (("0.001", "0.1"), ("0.0001", "0.1"), ("0.01", "0.1"))
    lost = arm("l2", 0.21, 0.14, ("l2", "lr"), penalties, (5, 3, 2), diverged=3, failed=1)
    lost = replace(lost, trials=lost.trials[:8])
    arms = (
        arm("none", 0.21, 0.2),
        arm("dropout", 0.169, 0.09, ("lr", "p"), grid, (6, 2, 1, 1)),
        lost,
        arm("early-stopping", 0.2, 0.05, curves=curves(0.18, 0.02, stops=True)),
    )
    unsettled = tuple(0.004 + 0.01 * wave(seed) for seed in SEEDS[:8])
    verdicts = (
        verdict(),
        undecided("l2", seeds=SEEDS[:8], differences=unsettled),
        verdict("early-stopping", -0.003, 0.004, "equal", p=0.09, p_holm=0.18,
                probabilities=(0.02, 0.97, 0.01)),
    )  # fmt: skip
    return Problem(
        "digits", "splits", 400, 100, 1297, "nll", "nll", "none", arms, verdicts,
        COMMON, REFERENCES, ("none tried 2 settings, dropout 4: more tries find more",),
    )  # fmt: skip


def regression():
    def price(seed, level):
        rmse = level + 900 * wave(seed)
        part = {"nll": 11 + level / 90000, "rmse": rmse, "mae": 0.7 * rmse, "r2": 0.73}
        return {"train": {**part, "nll": 11.0, "rmse": rmse / 2}, "val": part, "test": part}

    def priced(name, level):
        made = arm(name, 0.3, 0.1, curves=curves(11.0, 1.0, second="rmse"), reliability=())
        trials = tuple(replace(t, scores=price(t.seed, level)) for t in made.trials)
        tried = tuple(
            replace(s, val=tuple(level + 9000 * v for v in s.val), test=(level,) * len(s.test))
            for s in made.settings
        )
        return replace(made, trials=trials, settings=tried)

    interval = Interval("rmse", -2412.0, -3300.0, -1524.0)
    found = verdict(
        test="sign flip", interval=interval, rope=617.0, probabilities=None, comparisons=1,
        differences=tuple(-2412 + 1500 * wave(seed) for seed in SEEDS),
        p=0.002, p_holm=0.002, others=(Interval("nll", -0.1, -0.2, -0.01),), test_over_train=None,
    )  # fmt: skip
    arms = (priced("none", 61702.0), priced("dropout", 59290.0))
    references = {
        "mean": {"nll": 12.9, "rmse": 98000.0},
        "linear model": {"nll": 12.4, "rmse": 64000.0},
    }
    return Problem(
        "houses.csv", "fixed", 1000, 250, 210, "rmse", "rmse", "none", arms, (found,),
        COMMON, references,
    )  # fmt: skip


def one_seed():
    """Two networks, compared on the rows they answer differently."""
    found = verdict(
        test="McNemar", interval=Interval("error", -0.012, -0.021, -0.003), seeds=(0,),
        differences=(-0.012,), p=0.012, p_holm=0.012, rope=0.005, probabilities=None,
        comparisons=1, others=(), test_over_train=None,
    )  # fmt: skip
    arms = tuple(
        arm(name, level, 0.1, (), ((),), (1,), trials=(trial(0, level, 0.1, {}),))
        for name, level in (("none", 0.21), ("dropout", 0.17))
    )
    return Problem(
        "moons", "draws", 160, 40, 1000, "error", "nll", "none", arms, (found,), COMMON,
        {"true probabilities": {"nll": 0.15, "error": 0.05}},
    )  # fmt: skip


def all_diverged():
    """A baseline beside a method of which no run finished."""
    lost = Arm("l1", (), (Setting({"l1": "10"}, 0, (), (), (), 10),), ("l1",), diverged=10)
    nothing = verdict(
        "l1", math.nan, math.nan, "too few", differences=(), seeds=(), p=None, p_holm=None,
        probabilities=None, needed=2, comparisons=1, others=(),
    )  # fmt: skip
    arms = (arm("none", 0.2, 0.1), lost)
    return Problem(
        "digits", "splits", 400, 100, 1297, "nll", "nll", "none", arms, (nothing,)
    )  # fmt: skip


def fidelity(name, apart, seeds=SEEDS, reference="bayes (inference hmc)", **changes):
    """Agreement falls as total variation grows."""
    distances = tuple(apart * (1 + 0.2 * wave(seed)) for seed in seeds)
    same = tuple(1 - 0.7 * value for value in distances)
    return Fidelity(name, reference, seeds, same, distances, **changes)


def averages():
    """Two approximations and a network beside the chains that they are held against."""
    hmc = "bayes (inference hmc)"
    arms = (
        arm("none", 0.36, 0.2),
        arm("bayes (inference ensemble)", 0.3, 0.1),
        arm(hmc, 0.26, 0.05, (), ((),), (10,)),
    )
    verdicts = (verdict(arms[1].name, comparisons=2), verdict(hmc, -0.1, comparisons=2))
    found = (
        fidelity("none", 0.067, SEEDS[:9], unpaired={"predictions were not stored": (9,)}),
        fidelity("bayes (inference ensemble)", 0.052),
    )
    return Problem(
        "neal-binary", "draws", 300, 0, 10_000, "nll", "nll", "none", arms, verdicts, COMMON,
        {"true probabilities": {"nll": 0.244}}, reference=hmc, fidelity=found,
        notes=("column 'x' is constant and was dropped.",),
    )  # fmt: skip


def distances_of_a_regression():
    """Normals have a total variation, but no class to agree on."""
    near = replace(fidelity("dropout", 0.2, SEEDS[:3], "none"), agreement=())
    return replace(regression(), reference="none", fidelity=(near,))


def comparison(*problems, **changes):
    made = Comparison(
        "digits-remedies", problems or (classification(),), 80, "2026-03-01T12:00:00Z"
    )
    return replace(made, **changes)


def several():
    return comparison(
        classification(), regression(), one_seed(), all_diverged(), averages(),
        title="everything", warnings=("two batches share this name",),
    )  # fmt: skip


@cache
def several_html():
    """The page of several problems, drawn once for all tests that read it."""
    return comparison_html(several(), False, True)


def hostile(text):
    """A comparison whose every free text is `text`."""
    base = classification()
    setting = {text: text}
    bad = replace(
        base.arms[1],
        name=text,
        varied=(text,),
        settings=tuple(replace(each, values=setting) for each in base.arms[1].settings),
        trials=tuple(replace(t, run_id=text, setting=setting) for t in base.arms[1].trials),
    )
    problem = replace(
        base, dataset=text, baseline=text, arms=(base.arms[0], bad),
        verdicts=(verdict(text, baseline=text),), common={text: text},
        references={text: base.references["linear model"]}, warnings=(text,),
        reference=text, fidelity=(fidelity(text, 0.1, reference=text),), notes=(text,),
    )  # fmt: skip
    return comparison(problem, title=text, date=text, warnings=(text,))
