"""`python -m overfit_cli` is `overfit`."""

from overfit_cli.cli.app import main

main()
