"""What a log says of how far a batch is, by a clock of its own."""

import pytest

from overfit_cli.cli import console


@pytest.fixture
def log(monkeypatch, capsys):
    """Return a function from (seconds, runs over) and a total to the lines of a log."""
    now = [100.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])

    def lines(progress, total, before=0):
        now[0] = 100.0
        with console.counter() as count:
            for seconds, over in progress:
                now[0] = 100.0 + seconds
                count(over, total, f"{over} done", before)
        return capsys.readouterr().err.splitlines()

    return lines


def steadily(seconds, total, before=0):
    """A run a second: (seconds, runs over)."""
    return [(second, before + second) for second in range(min(seconds, total - before) + 1)]


def test_a_first_line_soon_then_one_a_minute_each_with_what_is_left(log):
    assert log(steadily(140, 400), 400) == [
        "10 done, about 6 min",
        "70 done, about 6 min",
        "130 done, about 4 min",
    ]


def test_what_was_stored_before_took_no_time(log):
    assert log(steadily(10, 7300, before=100), 7300, before=100) == ["110 done, about 2 h"]
    assert log([(36, 101)], 7300, before=100) == ["101 done, about 71 h 59 min"]


def test_a_short_batch_says_nothing_and_the_end_of_one_is_told_elsewhere(log):
    assert log(steadily(10, 10), 10) == []
    assert log([(0, 0), (15, 0), (75, 40), (90, 40)], 40) == []


def test_parts_of_runs_count_and_it_never_goes_back(log):
    assert log([(12, 0.5), (30, 1.5), (73, 1.0)], 4) == [
        "0.5 done, about 1 min",
        "1.0 done, about 2 min",
    ]


def test_less_than_a_minute(log):
    assert log([(12, 30)], 40) == ["30 done, less than a minute"]
