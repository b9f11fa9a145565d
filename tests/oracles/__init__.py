"""Independent answers to compare with, and the small stacks on which the comparison is made."""
