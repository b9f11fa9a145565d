"""How numbers of things are said."""

import pytest

from overfit_cli.words import count, plural


@pytest.mark.parametrize(
    ("value", "written"), [(9, "9"), (9999, "9999"), (10000, "10,000"), (85002, "85,002")]
)
def test_counts(value, written):
    assert count(value) == written


def test_plurals():
    nouns = [plural(1, "class"), plural(10, "class"), plural(2, "seed")]
    assert nouns == ["1 class", "10 classes", "2 seeds"]
