"""Paired tests, intervals and verdicts: NumPy and scipy.special only."""
