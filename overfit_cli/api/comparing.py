"""Which remedy wins, by how much, how sure: `overfit compare` as an object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from overfit_cli.api.runs import Runs
from overfit_cli.comparison.compare import compare as compared
from overfit_cli.comparison.problem import Question
from overfit_cli.comparison.records import Comparison
from overfit_cli.comparison.run import run_of
from overfit_cli.experiment.options import idle_options
from overfit_cli.experiment.spec import PRINTED
from overfit_cli.export.table import Table, table_of
from overfit_cli.records import RunResult
from overfit_cli.report.compare.sentence import answer, verdict_sentence

if TYPE_CHECKING:
    import pandas
    import polars
    from matplotlib.figure import Figure

# The height of a report within a notebook, in pixels.
HEIGHT = 640

# Columns that are there even where nothing was held against a reference.
FIDELITY = {
    "dataset": str,
    "method": str,
    "reference": str,
    "seed": int,
    "total_variation": float,
}


def compare(
    runs: Runs,
    metric: str = "nll",
    baseline: str | None = None,
    rope: float | None = None,
    select: str = "nll",
    reference: str | None = None,
    title: str = "comparison",
) -> Report:
    """Compare the methods among `runs`, paired by seed, with a baseline ("none").

    metric: what verdicts are about. select: the validation metric that chooses among settings.
    rope: what difference does not matter, in the metric's unit; None for its default. reference:
    the method whose predictive distributions the others' are held against; None for hmc, if any.

    Raises:
        UsageError: an unknown metric, baseline or reference; settings that nothing could choose
            among.
    """
    by_id = {run.run_id: run for run in runs}

    def load(run_ids: Sequence[str]) -> Iterator[RunResult]:
        return (by_id[run_id] for run_id in run_ids)

    question = Question(
        metric=metric, select=select, baseline=baseline, rope=rope, reference=reference
    )
    # a run that is there twice is one run
    known = [run_of(run, idle_options, PRINTED) for run in by_id.values()]
    return Report(compared(known, load, question, title))


@dataclass(frozen=True, repr=False)
class Report:
    """What `overfit compare` tells: sentences, tables, figures, one offline HTML page."""

    comparison: Comparison

    def __repr__(self) -> str:
        """Return one line: the answers."""
        return f"Report({' '.join(self.answers)})"

    @property
    def answers(self) -> list[str]:
        """One sentence per data set: which method wins, or that none does."""
        return [answer(problem) for problem in self.comparison.problems]

    @property
    def sentences(self) -> list[str]:
        """One sentence per method and data set: its difference from the baseline."""
        return [
            verdict_sentence(verdict, problem)
            for problem in self.comparison.problems
            for verdict in problem.verdicts
        ]

    @property
    def scores(self) -> Table:
        """A row per data set, method and seed: the chosen setting and its scores."""
        return table_of(
            [
                {"dataset": problem.dataset, "method": arm.name, "seed": trial.seed}
                | {"run_id": trial.run_id}
                | {name: trial.setting[name] for name in arm.varied if name in trial.setting}
                | {
                    f"{part}_{name}": value
                    for part, scores in trial.scores.items()
                    for name, value in scores.items()
                }
                for problem in self.comparison.problems
                for arm in problem.arms
                for trial in arm.trials
            ]
        )

    @property
    def fidelity(self) -> Table:
        """A row per data set, method and seed: how near its predictions are to the reference's."""
        return table_of(
            [
                {"dataset": problem.dataset, "method": one.arm, "reference": one.reference}
                | {"seed": seed, "total_variation": one.total_variation[place]}
                | ({"agreement": one.agreement[place]} if one.agreement else {})
                for problem in self.comparison.problems
                for one in problem.fidelity
                for place, seed in enumerate(one.seeds)
            ],
            FIDELITY,
        )

    @property
    def verdicts(self) -> Table:
        """A row per data set and method: its difference from the baseline, interval and finding."""
        return table_of(
            [
                {"dataset": problem.dataset, "method": one.arm, "baseline": one.baseline}
                | {"metric": one.interval.metric, "difference": one.interval.difference}
                | {"low": one.interval.low, "high": one.interval.high, "n": one.n}
                | {"test": one.test, "p": one.p, "p_holm": one.p_holm, "finding": one.finding}
                for problem in self.comparison.problems
                for one in problem.verdicts
            ]
        )

    def to_polars(self) -> polars.DataFrame:
        """Return `scores` as a polars frame; `verdicts` has one too."""
        return self.scores.to_polars()

    def to_pandas(self) -> pandas.DataFrame:
        """Return `scores` as a pandas frame; `verdicts` has one too."""
        return self.scores.to_pandas()

    def figures(self) -> dict[str, Figure]:
        """Return every figure of the HTML report by name (with several data sets, after theirs)."""
        from overfit_cli.report.compare.drawing import drawn
        from overfit_cli.report.compare.drawings import groups

        several = len(self.comparison.problems) > 1
        found = {}
        for problem, own in groups(self.comparison):
            for drawing in (drawing for group in own for drawing in group.drawings):
                with drawn(drawing) as figure:
                    found[f"{problem.dataset}: {drawing.name}" if several else drawing.name] = (
                        figure
                    )
        return found

    def to_html(self) -> str:
        """Return the report as one HTML file that needs nothing else."""
        from overfit_cli.report.compare.html import comparison_html

        return comparison_html(self.comparison, all_columns=False, times=False)

    def _repr_html_(self) -> str:
        """Return the page in a frame, so that its style and the notebook's do not mix."""
        page = escape(self.to_html())
        return f'<iframe sandbox width="100%" height="{HEIGHT}" srcdoc="{page}"></iframe>'
