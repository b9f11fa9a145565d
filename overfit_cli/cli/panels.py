"""Help pages with a section per panel, without the time that importing Rich takes."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

ARGUMENTS, OTHER = "Arguments", "Other options"


class PanelledCommand(TyperCommand):
    """A command whose plain help page has a section for each `rich_help_panel`."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections in the order in which their first options are declared."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                other = ARGUMENTS if parameter.param_type_name == "argument" else OTHER
                name = getattr(parameter, "rich_help_panel", None) or other
                panels.setdefault(name, []).append(record)
        for name, records in panels.items():
            with formatter.section(name):
                formatter.write_dl(records)
