"""The stacked engine: NumPy only, no I/O, no clock, no printing, no remedy's name."""
