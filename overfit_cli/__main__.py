"""`python -m overfit_cli` is `overfit`."""

from overfit_cli.cli.entry import main

main()
