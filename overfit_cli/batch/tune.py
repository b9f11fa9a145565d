"""Successive halving over a batch's grid: which races there are, and carrying them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from overfit_cli.batch.batch import LISTED
from overfit_cli.batch.halving import Ladder, depth_of, filled, ladder
from overfit_cli.batch.race import Bracket, Race, run_race
from overfit_cli.batch.tasks import LOADER
from overfit_cli.comparison.grouping import FORMS
from overfit_cli.comparison.run import text
from overfit_cli.errors import UsageError
from overfit_cli.executors.executor import Executor, Watch, unwatched
from overfit_cli.executors.retry import persistently
from overfit_cli.experiment.options import idle_options
from overfit_cli.experiment.plan import Plan, known
from overfit_cli.experiment.spec import RunSpec
from overfit_cli.experiment.stack import Stack, alike
from overfit_cli.experiment.train import stepper_of
from overfit_cli.records import RunResult
from overfit_cli.rng import stream
from overfit_cli.store import Store

ETA = 3

# What says which runs compete; all else that differs between them is a setting.
_NO_SETTINGS = frozenset({"data", "fingerprint", "remedies", "versions", "seed"})


@dataclass(frozen=True)
class Tuning:
    """The races of a batch's methods and seeds, on one budget of epochs each.

    left_out: methods in words that have no epochs to halve.
    """

    name: str
    select: str
    eta: int
    budget: int
    races: tuple[Race, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ended:
    """A race when it is over: its winner, or the reason why there is none."""

    race: Race
    winner: RunResult | None = None
    error: str | None = None
    stored: bool = False


def tuning_of(plan: Plan, eta: int = ETA, budget: int | None = None) -> Tuning:
    """Return how a plan's grid is halved: the best of eta settings survives each rung.

    budget: epochs per method and seed, in which the networks of an ensemble count as one; by
    default what the largest grid takes.

    Raises:
        UsageError: nothing to halve, no validation rows, a metric that these data do not have, a
            budget too small for one setting of each kind, more than LISTED runs.
        DataError: see data.load.
    """
    if len(plan) > LISTED:
        raise UsageError(f"tune looks through its grid: {len(plan):,} runs are over {LISTED:,}.")
    specs = [spec for _, spec in known(plan, LOADER)]
    kept = [spec for spec in specs if spec.inference is None or spec.inference.descends]
    no_epochs = (spec for spec in specs if spec.inference and not spec.inference.descends)
    left_out = dict.fromkeys(spec.words for spec in no_epochs)
    if not kept:
        raise UsageError("tune halves epochs, and no method here has any: use overfit batch.")
    _check(kept, plan.config.select)
    groups = _grouped(kept)
    depth = max(depth_of(len(own), eta) for kinds in groups.values() for own in kinds)
    rule = _Rule(plan.config.select, eta, depth)
    if budget is None:
        budget = max(_cost(map(rule.ladder, kinds)) for kinds in groups.values())
    races = [rule.race(key[1], kinds, budget) for key, kinds in groups.items()]
    return Tuning(plan.name, plan.config.select, eta, budget, tuple(races), tuple(left_out))


def _check(specs: Sequence[RunSpec], select: str) -> None:
    for spec in {spec.data: spec for spec in specs}.values():
        data = LOADER.prepared(spec)
        if not len(data.val):
            raise UsageError("tune chooses by validation rows, and there are none: --val-size.")
        known = ["nll", "rmse", "mae", "r2"]
        if data.likelihood != "gaussian":
            known = ["nll", "error", "brier", "ece", *["auc"] * (data.likelihood == "bernoulli")]
        if select not in known:
            allowed = ", ".join(known)
            raise UsageError(f"[select] metric '{select}': for these data use one of {allowed}.")


def _grouped(specs: Sequence[RunSpec]) -> dict[tuple[Any, str, int], list[list[RunSpec]]]:
    """Return runs by data, method and seed, and within by what can share a stack."""
    names = _names(specs)
    groups: dict[tuple[Any, str, int], dict[Any, list[RunSpec]]] = {}
    for spec, name in zip(specs, names, strict=True):
        kinds = groups.setdefault((spec.data, name, spec.seed), {})
        kinds.setdefault(alike(spec), []).append(spec)
    return {key: list(kinds.values()) for key, kinds in groups.items()}


def _names(specs: Sequence[RunSpec]) -> list[str]:
    """Return the methods' names, with what makes two forms of one; as a comparison has them."""
    values: dict[tuple[str, ...], dict[str, set[str]]] = {}
    settings = [settings_of(spec) for spec in specs]
    kinds = [tuple(sorted(spec.remedies)) for spec in specs]
    for kind, own in zip(kinds, settings, strict=True):
        for form in FORMS:
            if form in own:
                values.setdefault(kind, {}).setdefault(form, set()).add(own[form])
    first = {kind: spec.method for kind, spec in zip(kinds[::-1], specs[::-1], strict=True)}
    names = []
    for kind, own in zip(kinds, settings, strict=True):
        forms = [form for form, found in values.get(kind, {}).items() if len(found) > 1]
        told = ", ".join(f"{form} {own[form]}" for form in forms if form in own)
        names.append(first[kind] + (f" ({told})" if told else ""))
    return names


def settings_of(spec: RunSpec) -> dict[str, str]:
    """Return every option that moves the numbers, but those of the data, in words."""
    idle = idle_options(spec.settings)
    return {
        name: text(value)
        for name, value in spec.settings.items()
        if name not in _NO_SETTINGS and name not in idle
    }


@dataclass(frozen=True)
class _Rule:
    """How every method's settings are halved."""

    select: str
    eta: int
    depth: int

    def ladder(self, specs: Sequence[RunSpec]) -> Ladder:
        """Return the ladder of runs that can share a stack."""
        first = specs[0]
        epochs = first.epochs
        if first.inference is not None and first.inference.around is not None:
            data = LOADER.prepared(first)
            epochs = stepper_of(Stack((first,), (data,)), len(data.train))[1]
        return ladder(len(specs), epochs, first.eval_every, self.eta, self.depth)

    def race(self, method: str, kinds: Sequence[Sequence[RunSpec]], budget: int) -> Race:
        """Return the race of a method's settings, by what can share a stack, within the budget.

        Raises:
            UsageError: a budget too small for one setting of each kind.
        """
        ladders = [self.ladder(own) for own in kinds]
        whole = sum(own.whole for own in ladders)
        while _cost(ladders) > budget:
            place = max(range(len(kinds)), key=lambda place: ladders[place].settings)
            if ladders[place].settings == 1:
                raise UsageError(
                    f"--budget {budget}: '{method}' takes {_cost(ladders)} epochs per seed at "
                    "least: one setting of each kind that cannot share a stack, to the end."
                )
            ladders[place] = self.ladder(kinds[place][: ladders[place].settings - 1])
        brackets = tuple(
            Bracket(_drawn(own, wide.settings, place), wide)
            for place, (own, wide) in enumerate(zip(kinds, filled(ladders, budget), strict=True))
        )
        race = Race(method, brackets, self.select, sum(map(len, kinds)), whole, budget)
        return replace(race, tried=_tried(race.specs))


def _cost(ladders: Iterable[Ladder]) -> int:
    return sum(own.cost for own in ladders)


def _drawn(specs: Sequence[RunSpec], n: int, place: int) -> tuple[RunSpec, ...]:
    """Return so many settings of a grid, the same for every seed, in the order written."""
    if n == len(specs):
        return tuple(specs)
    order = stream(0, "trials", part=place).permutation(len(specs))
    return tuple(specs[index] for index in sorted(order[:n].tolist()))


def _tried(specs: Iterable[RunSpec]) -> dict[str, tuple[str, ...]]:
    values: dict[str, dict[str, None]] = {}
    for spec in specs:
        for name, value in settings_of(spec).items():
            values.setdefault(name, {})[value] = None
    return {name: tuple(found) for name, found in values.items() if len(found) > 1}


def tuned(
    tuning: Tuning, store: Store, executor: Executor, watch: Watch = unwatched
) -> Iterator[Ended]:
    """Train the races whose winner is not stored; store each winner; yield every race's end.

    A race whose worker was lost is run again, at most twice. `watch` is told how far races are.

    Raises:
        StoreError: the disk refused; what was stored before stays.
    """
    members = store.results(store.statuses(tuning.name), ())
    wanted = {"tuning", "trial_epochs"}
    kept = [run for run in members if wanted <= run.diagnostics.keys()]
    stored = {str(run.diagnostics["tuning"]): run for run in kept}
    tasks = [race for race in tuning.races if race.key not in stored]
    for race in tuning.races:
        if race.key in stored:
            yield Ended(race, stored[race.key], stored=True)
    for finished in persistently(executor, run_race, tasks, lambda race: [race], watch):
        if finished.error is None:
            store.save(finished.result, batch=tuning.name)
        yield Ended(finished.task, finished.result, error=finished.error)
