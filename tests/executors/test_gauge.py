"""What a worker tells of its progress is read without waiting, and told without waiting."""

import multiprocessing

import pytest

from overfit_cli.executors import gauge as gauging
from overfit_cli.executors.gauge import Gauge, Teller


@pytest.fixture
def gauge():
    made = Gauge(multiprocessing.get_context("forkserver"))
    yield made
    made.close()


def test_the_last_word_counts_until_a_new_task(gauge, monkeypatch):
    monkeypatch.setattr(gauging, "SECONDS", 0)
    assert gauge.read() == 0
    tell = Teller(gauge.pipe)
    for done in (0.25, 0.75):
        tell(done)
    assert [gauge.read(), gauge.read()] == [0.75, 0.75]
    tell(1)
    gauge.reset()
    assert gauge.read() == 0


def test_it_is_told_now_and_then_only(gauge, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(gauging.time, "monotonic", lambda: now[0])
    tell = Teller(gauge.pipe)
    tell(0.1)
    tell(0.2)
    assert gauge.read() == 0.1
    now[0] += gauging.SECONDS
    tell(0.3)
    assert gauge.read() == 0.3


def test_nobody_need_read(gauge, monkeypatch):
    """A pipe holds a few thousand numbers; the worker goes on when it is full."""
    monkeypatch.setattr(gauging, "SECONDS", 0)
    tell = Teller(gauge.pipe)
    for _ in range(20_000):
        tell(0.5)
    assert gauge.read() == 0.5
    tell(0.6)
    assert gauge.read() == 0.6
