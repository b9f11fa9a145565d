"""Help pages: every option once, under the heading of its panel."""

import re

import pytest

from overfit_cli.cli.flags import METHOD, SHARED
from overfit_cli.cli.refit import LEFT_OUT


@pytest.mark.parametrize("command", ["run", "refit"])
def test_options_stand_in_panels(cli, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "100")
    page = cli(command, "--help").out
    found, panel = {}, ""
    for line in page.splitlines():
        if heading := re.fullmatch(r"(\w[\w ]*):", line):
            panel = heading[1]
        if option := re.match(r"  (--[\w-]+)", line):
            assert option[1] not in found
            found[option[1]] = panel
    flags = (METHOD, *SHARED) if command == "run" else SHARED
    absent = LEFT_OUT if command == "refit" else ()
    wanted = {flag.name: flag.panel for flag in flags if flag.key not in absent}
    assert {name: found.get(name) for name in wanted} == wanted
    assert found["--store"] == found["--help"] == "Other options"
