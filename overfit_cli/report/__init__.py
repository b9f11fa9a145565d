"""Everything that is printed or written about runs, drawn from their records."""
