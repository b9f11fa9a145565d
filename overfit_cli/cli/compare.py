"""`overfit compare`: declaration; what it does stands in comparing.py."""

from __future__ import annotations

from typing import Annotated

import typer

from overfit_cli.cli.places import JsonOption, StoreOption
from overfit_cli.cli.stored import SelectionArgument

FORMATS = ("table", "json", "csv", "markdown", "html")
METRICS = ("nll", "error", "brier", "ece", "auc", "rmse", "mae", "r2")
QUESTION, REPORT = "Question", "Report"

MetricOption = Annotated[
    str,
    typer.Option(
        metavar="METRIC",
        help="What verdicts are about [nll]",
        rich_help_panel=QUESTION,
        autocompletion=lambda: list(METRICS),
        show_default=False,
    ),
]
SelectOption = Annotated[
    str | None,
    typer.Option(
        metavar="METRIC",
        help="Validation metric that chooses settings, per method and seed [the batch's, else nll]",
        rich_help_panel=QUESTION,
        autocompletion=lambda: list(METRICS),
    ),
]
BaselineOption = Annotated[
    str | None,
    typer.Option(
        metavar="METHOD", help="Compare with this method [none]", rich_help_panel=QUESTION
    ),
]
ReferenceOption = Annotated[
    str | None,
    typer.Option(
        metavar="METHOD",
        help="Also tell how near each method's predictions are to this one's [hmc, if it was run]",
        rich_help_panel=QUESTION,
    ),
]
RopeOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="X",
        help="Differences up to this, in the metric's unit, do not matter in practice "
        "[0.01 nats, 0.005 error, 1% rmse]",
        rich_help_panel=QUESTION,
    ),
]
FailIfOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        metavar="CONDITION",
        help="Exit 4 if this holds: 'dropout worse none'; may be repeated",
        rich_help_panel=QUESTION,
    ),
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="|".join(FORMATS),
        help="How to tell it [table]",
        rich_help_panel=REPORT,
        autocompletion=lambda: list(FORMATS),
        show_default=False,
    ),
]
OutputOption = Annotated[
    str | None, typer.Option(metavar="FILE", help="Write to this file", rich_help_panel=REPORT)
]
FiguresOption = Annotated[
    str | None,
    typer.Option(
        metavar="DIR", help="Also write figures here, SVG and PNG", rich_help_panel=REPORT
    ),
]
PlotOption = Annotated[
    bool, typer.Option("--plot", help="Draw the curves.", rich_help_panel=REPORT)
]
AllColumnsOption = Annotated[
    bool,
    typer.Option(
        "--all-columns",
        help="Also what is the same everywhere, and every metric",
        rich_help_panel=REPORT,
    ),
]
EverySeedOption = Annotated[
    bool, typer.Option("--every-seed", help="Also the value of every seed", rich_help_panel=REPORT)
]
SettingsOption = Annotated[
    bool,
    typer.Option(
        "--settings", help="Also the scores of every setting tried", rich_help_panel=REPORT
    ),
]
NoTimesOption = Annotated[
    bool,
    typer.Option(
        "--no-times",
        help="No durations and dates: the same runs give the same bytes",
        rich_help_panel=REPORT,
    ),
]


def compare(
    selection: SelectionArgument = None,
    metric: MetricOption = "nll",
    select: SelectOption = None,
    baseline: BaselineOption = None,
    reference: ReferenceOption = None,
    rope: RopeOption = None,
    fail_if: FailIfOption = None,
    form: FormatOption = "table",
    json: JsonOption = False,
    output: OutputOption = None,
    figures: FiguresOption = None,
    plot: PlotOption = False,
    all_columns: AllColumnsOption = False,
    every_seed: EverySeedOption = False,
    settings: SettingsOption = False,
    no_times: NoTimesOption = False,
    store: StoreOption = None,
) -> None:
    """Tell which remedy wins, by how much and how sure; default: the last batch."""
    from overfit_cli.cli.comparing import Request, compare_and_show
    from overfit_cli.comparison.problem import Question

    compare_and_show(
        " ".join(selection or []),
        Question(metric=metric, baseline=baseline, rope=rope, reference=reference),
        Request(
            select=select, form=_form(form, json), output=output, figures=figures, plot=plot,
            all_columns=all_columns, every_seed=every_seed, settings=settings, times=not no_times,
            fail_if=tuple(fail_if or ()), store=store,
        ),
    )  # fmt: skip


def _form(form: str, json: bool) -> str:
    from overfit_cli.errors import UsageError

    if json and form not in ("table", "json"):
        raise UsageError(f"--json is --format json, and --format {form} was given too.")
    return "json" if json else form
