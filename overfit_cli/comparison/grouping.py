"""Which runs belong together: problems (one data set, one split), arms (methods), settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overfit_cli.comparison.run import Run, order

# Options that make another method of a remedy, rather than another setting of it.
FORMS = ("scope", "mask", "average", "inference", "folds")


@dataclass(frozen=True)
class ArmRuns:
    """All runs of one method on one problem, sorted, each seed and setting once.

    varied: names of the options that differ among them, or among what was tried to choose them, in
    the order of the spec; told: the same among all runs of the problem.
    """

    name: str
    runs: tuple[Run, ...]
    varied: tuple[str, ...]
    told: tuple[str, ...] = ()

    def setting(self, run: Run) -> tuple[str, ...]:
        """Return the run's values of `varied`, "" where it has none."""
        return tuple(run.settings.get(name, "") for name in self.varied)

    def settings(self) -> dict[tuple[str, ...], list[Run]]:
        """Return the runs of each setting, in order of settings (numbers by size)."""
        groups: dict[tuple[str, ...], list[Run]] = {}
        for run in self.runs:
            groups.setdefault(self.setting(run), []).append(run)
        return dict(sorted(groups.items(), key=lambda pair: [order(value) for value in pair[0]]))


@dataclass(frozen=True)
class ProblemRuns:
    """All runs on one data set, as split and noised. superseded: older runs of the same trials."""

    name: str
    arms: tuple[ArmRuns, ...]
    superseded: tuple[Run, ...] = ()

    @property
    def runs(self) -> list[Run]:
        """All runs, arm after arm."""
        return [run for arm in self.arms for run in arm.runs]


def problems_of(runs: Iterable[Run]) -> list[ProblemRuns]:
    """Return the problems, by name; the order in which runs are given changes nothing."""
    ordered = sorted(runs, key=lambda run: (run.seed, run.run_id))
    names = _arm_names(ordered)
    groups = _by_data(ordered)
    titles = _titles(groups)
    return sorted(
        (_problem(titles[key], group, names) for key, group in groups.items()),
        key=lambda problem: _title_order(problem.name),
    )


def _problem(title: str, runs: Sequence[Run], names: Mapping[str, str]) -> ProblemRuns:
    newest: dict[Any, Run] = {}
    for run in runs:
        trial = (names[run.run_id], run.seed, tuple(sorted(run.settings.items())))
        known = newest.get(trial)
        if known is None or _age(run) > _age(known):
            newest[trial] = run
    kept = {run.run_id for run in newest.values()}
    groups: dict[str, list[Run]] = {}
    for run in newest.values():
        groups.setdefault(names[run.run_id], []).append(run)
    told = [name for name in _varied(list(newest.values())) if name not in FORMS]
    arms = [
        ArmRuns(name, tuple(group), _varied(group), tuple(told)) for name, group in groups.items()
    ]
    arms.sort(key=lambda arm: (arm.name != "none", arm.name.count("+"), arm.name))
    return ProblemRuns(title, tuple(arms), tuple(run for run in runs if run.run_id not in kept))


def _age(run: Run) -> tuple[Any, ...]:
    """Return what is larger for what a newer engine, or newer remedies, trained."""
    return (run.versions.get("engine", 0), sorted(run.versions.items()), run.is_done)


def _varied(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return the options of which two values were tried; idle ones have none."""
    return tuple(name for name, values in values_tried(runs).items() if len(values) > 1)


def values_of(runs: Iterable[Run]) -> dict[str, set[str]]:
    """Return every setting's values among runs."""
    values: dict[str, set[str]] = {}
    for run in runs:
        for name, value in run.settings.items():
            values.setdefault(name, set()).add(value)
    return values


def values_tried(runs: Iterable[Run]) -> dict[str, set[str]]:
    """Return every setting's values among runs and what `overfit tune` chose them from."""
    known = list(runs)
    values = values_of(known)
    for run in known:
        for name, tried in run.tried.items():
            values.setdefault(name, set()).update(tried)
    return values


def _arm_names(runs: Sequence[Run]) -> dict[str, str]:
    """Return the name of each run's arm, by run id."""
    methods: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        methods.setdefault(tuple(sorted(run.method.split("+"))), []).append(run)
    names: dict[str, str] = {}
    for group in methods.values():
        # the order in which remedies are named moves no number
        method = min(run.method for run in group)
        values = values_of(group)
        forms = [name for name in FORMS if len(values.get(name, ())) > 1]
        names |= {run.run_id: _with(method, run.settings, forms) for run in group}
    return names


def _with(name: str, values: Mapping[str, str], keys: Collection[str]) -> str:
    said = [f"{key} {values[key]}" for key in keys if key in values]
    return f"{name} ({', '.join(said)})" if said else name


def _by_data(runs: Sequence[Run]) -> dict[Any, list[Run]]:
    """Return the runs of each problem; classification and regression never meet in one."""
    kinds: dict[Any, str] = {}
    groups: dict[Any, list[Run]] = {}
    for run in runs:
        if run.kind:
            kinds.setdefault(_data(run), run.kind)
    for run in runs:
        # a run that failed before its first score is of the kind of the others
        kind = run.kind or kinds.get(_data(run), "")
        groups.setdefault((*_data(run), kind), []).append(run)
    return groups


def _data(run: Run) -> tuple[Any, ...]:
    return run.fingerprint, tuple(sorted(run.split.items()))


def _titles(groups: Mapping[Any, Sequence[Run]]) -> dict[Any, str]:
    """Return the data sets' names, with whatever tells apart two problems of one name."""
    firsts = {key: min(group, key=lambda run: run.dataset) for key, group in groups.items()}
    titles: dict[Any, str] = {}
    for key, first in firsts.items():
        others = [run for run in firsts.values() if run.dataset == first.dataset]
        names = dict.fromkeys(name for run in others for name in run.split)
        telling = [name for name in names if len({run.split.get(name) for run in others}) > 1]
        titles[key] = _with(first.dataset, first.split, telling)
    count = Counter(titles.values())
    return {
        key: title if count[title] == 1 else f"{title} [{key[-1]} {firsts[key].fingerprint[:6]}]"
        for key, title in titles.items()
    }


def _title_order(name: str) -> tuple[Any, ...]:
    return tuple(order(word.strip("(),")) for word in name.split(" "))
