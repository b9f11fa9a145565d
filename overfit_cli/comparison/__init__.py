"""From stored runs to a comparison: selection, paired differences, verdicts."""
