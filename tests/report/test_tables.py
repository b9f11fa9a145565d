from hypothesis import given, settings
from hypothesis import strategies as st

from overfit_cli.report.surface import Fitted, plain_text
from overfit_cli.report.tables import Column, fitted

CELLS = st.text("0123456789.", min_size=1, max_size=12)
COLUMNS = st.lists(st.tuples(CELLS, CELLS, CELLS, st.booleans()), min_size=1, max_size=12)


def drawn(columns, width, **changes):
    def draw(surface):
        key = Column(surface.text("k"), (surface.text("r1"), surface.text("r2")), align="left")
        made = [
            Column(surface.text(h), (surface.text(a), surface.text(b)), **changes.get(h, {}))
            for h, a, b, _ in columns
        ]
        return fitted(key, made, surface)

    return plain_text(Fitted(draw), width)


@settings(max_examples=40)
@given(COLUMNS, st.integers(20, 120))
def test_every_number_is_there_and_no_line_too_wide(columns, width):
    text = drawn(columns, width)
    assert max(map(len, text.split("\n"))) <= width
    words = text.split()
    for header, first, second, _ in columns:
        assert {header, first, second} <= set(words)


@settings(max_examples=20)
@given(COLUMNS)
def test_with_room_there_is_one_table(columns):
    assert drawn(columns, 1000).split().count("k") == 1


def test_the_least_important_goes_first_and_groups_stay_together():
    columns = [(name, "1" * 10, "2" * 10, True) for name in "abcd"]
    options = {"b": {"optional": 1}, "d": {"optional": 2}}
    assert drawn(columns, 40, **options).split()[:4] == ["k", "a", "b", "c"]
    assert drawn(columns, 30, **options).split()[:3] == ["k", "a", "c"]
    pair = {"c": {"group": "x"}, "d": {"group": "x"}}
    headers = [line.split() for line in drawn(columns, 40, **pair).split("\n") if line[:1] == "k"]
    assert headers == [["k", "a", "b"], ["k", "c", "d"]]
