"""The command to try after this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from overfit_cli.records import RunResult
from overfit_cli.report.escape import shell
from overfit_cli.report.seeds import by_method, finished
from overfit_cli.report.verdict import Kind, inference_of, judge, still_falling

BELONGS = {
    "--p": "dropout",
    "--p-input": "dropout",
    "--drop-rate": "dropout",
    "--scope": "dropout",
    "--mask": "dropout",
    "--average": "dropout",
    "--mc-samples": "dropout",
    "--l1": "l1",
    "--l2": "l2",
    "--max-norm": "max-norm",
    "--patience": "early-stopping",
    "--min-delta": "early-stopping",
    "--stop-metric": "early-stopping",
    "--inference": "bayes",
    "--members": "bayes",
    "--folds": "bayes",
    "--no-folds": "bayes",
    "--chains": "bayes",
    "--warmup": "bayes",
    "--samples": "bayes",
    "--leapfrog": "bayes",
    "--cycles": "bayes",
    "--thin": "bayes",
    "--step-size": "bayes",
    "--grid-values": "bayes",
    "--grid-width": "bayes",
    "--curvature": "bayes",
    "--layers": "bayes",
    "--predictive": "bayes",
    "--temperature": "bayes",
    "--rounds": "bayes",
    "--draws": "bayes",
    "--swag-start": "bayes",
    "--swag-rank": "bayes",
    "--swag-lr": "bayes",
    "--prior-width": "bayes",
    "--prior-sd": "bayes",
}
"""The options that are refused unless their method is chosen."""

LADDER = ("dropout", "early-stopping", "max-norm")
"""What is added, in this order, to a method that overfits."""

SWITCHES = ("--folds", "--no-folds")
"""Those that take no value."""

RAISED = {"--warmup": 200, "--samples": 200}
"""What the warnings of a sampler ask to raise, with the defaults; both are doubled."""

WIDE, LARGE_LR = 32, 0.05
"""Units, and a learning rate, from which on underfitting is sooner the steps' fault."""

SEVERAL = "5"
"""Seeds that show how far results scatter."""


def next_command(results: Sequence[RunResult], options: Sequence[str]) -> str:
    """Return the next command worth trying, ready to paste; see `next_words`."""
    return shell(next_words(results, options))


def next_words(results: Sequence[RunResult], options: Sequence[str]) -> list[str]:
    """Return the words of the next command worth trying.

    options: what the user gave after `overfit run`, which is repeated with what changes.
    """
    warned = _warned(results)
    if warned:
        return _run(options, _more_draws(warned))
    groups = by_method(results)
    if len(groups) > 1:
        return _after_several(groups, options)
    runs = next(iter(groups.values()))
    return _run(options, _changes(runs, judge(runs).kind))


def _warned(results: Sequence[RunResult]) -> list[RunResult]:
    """Return the runs whose sampler asks for more warm-up or samples."""
    return [
        run
        for run in finished(results)
        if any(name in text for text in run.diagnostics.get("warnings", ()) for name in RAISED)
    ]


def _more_draws(runs: Sequence[RunResult]) -> dict[str, str]:
    """Double --warmup and --samples; no warm-up becomes the default."""
    return {
        name: str(2 * int(_setting(runs, name[2:], default)) or default)
        for name, default in RAISED.items()
    }


def _after_several(groups: Mapping[str, Sequence[RunResult]], options: Sequence[str]) -> list[str]:
    """More seeds first; with enough of them, a look at the method best on validation rows."""
    done = {method: finished(runs) for method, runs in groups.items() if finished(runs)}
    if not done or min(map(len, done.values())) < int(SEVERAL):
        return _run(options, {"--seeds": SEVERAL})
    best = min(done, key=lambda method: _selection_nll(done[method]))
    return ["overfit", "show", done[best][0].run_id, *store_words(options)]


def store_words(options: Sequence[str]) -> list[str]:
    """Return what the user said of the store, as words."""
    for place, word in enumerate(options):
        if word == "--store" or word.startswith("--store="):
            return list(options[place : place + (2 if word == "--store" else 1)])
    return []


def _selection_nll(runs: Sequence[RunResult]) -> float:
    found = [run.final["val"]["nll"] for run in runs if "nll" in run.final.get("val", {})]
    return sum(found) / len(found) if found else float("inf")


def _changes(runs: Sequence[RunResult], kind: Kind) -> dict[str, str]:
    """Return the options that change, with their new values."""
    if kind == "diverged":
        return _calmer(runs)
    if kind == "early":
        return _longer(runs)
    if kind == "slightly" and still_falling(runs) and runs[0].restored_epoch is None:
        return _longer(runs)
    if kind in ("overfits", "slightly"):
        return _stronger(runs[0])
    if kind == "underfits":
        return _weaker(runs)
    if kind == "failed":
        return {}
    if kind == "unknown" and not any(run.n_val for run in runs):
        return {"--val-size": "0.2"}
    return _surer(runs)


def _calmer(runs: Sequence[RunResult]) -> dict[str, str]:
    """Take smaller steps; hmc finds its own, in warm-up."""
    inference = inference_of(runs[0])
    if inference == "hmc":
        return {"--warmup": str(2 * int(_setting(runs, "warmup", 200)) or 200)}
    name, default = ("step_size", 0.2) if inference == "sghmc" else ("lr", 0.05)
    return {"--" + name.replace("_", "-"): f"{_setting(runs, name, default) / 5:.3g}"}


def _stronger(run: RunResult) -> dict[str, str]:
    """Add the next remedy of the ladder; what accepts none is set beside `none`."""
    parts = run.method.split("+")
    if "bayes" in parts:
        return {"--method": f"none,{run.method}"}
    usable = [name for name in LADDER if _usable(name, run) and name not in parts]
    added = usable[: 2 if run.method == "none" else 1]
    if not added:
        return {"--seeds": SEVERAL}
    others = [name for name in parts if name not in ("none", *LADDER)]
    rungs = [name for name in LADDER if name in parts or name in added]
    method = "+".join(others + rungs)
    return {"--method": method} | ({"--p": "0.5"} if "dropout" in added else {})


def _usable(name: str, run: RunResult) -> bool:
    if name == "early-stopping":
        return run.n_val > 0
    return run.spec.get("hidden") != []


def _weaker(runs: Sequence[RunResult]) -> dict[str, str]:
    """Train longer if the end was not reached, else drop the remedy, else smaller steps or wider.

    A wide network whose own training rows a linear model would fit better is badly trained.
    """
    if still_falling(runs) or runs[0].axis == "draw":
        return _longer(runs)
    if runs[0].method != "none":
        return {"--method": "none"}
    hidden = runs[0].spec.get("hidden") or [256, 256]
    if runs[0].spec.get("hidden") and min(hidden) >= WIDE and _setting(runs, "lr", 0) >= LARGE_LR:
        return _calmer(runs)
    return {"--hidden": ",".join(str(2 * width) for width in hidden)}


def _longer(runs: Sequence[RunResult]) -> dict[str, str]:
    name, default = ("--samples", 200) if runs[0].axis == "draw" else ("--epochs", 100)
    return {name: str(2 * int(_setting(runs, name[2:], default)))}


def _surer(runs: Sequence[RunResult]) -> dict[str, str]:
    """Repeat with several seeds; after that, put it beside its alternatives."""
    if len(runs) < int(SEVERAL):
        return {"--seeds": SEVERAL}
    beside = "dropout,l2" if runs[0].method == "none" else runs[0].method
    return {"--method": f"none,{beside}"}


def _setting(runs: Sequence[RunResult], name: str, default: float) -> float:
    spec = runs[0].spec
    value = {**spec, **spec.get("remedies", {}).get("bayes", {})}.get(name, default)
    return float(value) if isinstance(value, int | float) else default


def _run(options: Sequence[str], changes: Mapping[str, str]) -> list[str]:
    """Return `overfit run` with the changed options first and the user's others behind."""
    kept = _without(options, set(changes) | ({"--seed"} if "--seeds" in changes else set()))
    if "--method" in changes:
        chosen = set(changes["--method"].replace(",", "+").split("+"))
        kept = _without(kept, {name for name, owner in BELONGS.items() if owner not in chosen})
    changed = [word for pair in changes.items() for word in pair]
    return ["overfit", "run", *changed, *kept]


def _without(options: Sequence[str], names: set[str]) -> list[str]:
    """Return `options` less those of `names`, written `--name value` or `--name=value`."""
    kept: list[str] = []
    words = iter(options)
    for word in words:
        if word in names:
            if word not in SWITCHES:
                next(words, None)
        elif word.split("=", 1)[0] not in names:
            kept.append(word)
    return kept
