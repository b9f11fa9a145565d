"""From what the user said to trained runs."""
