"""How fast the client may be, and how long it was told to wait."""

from __future__ import annotations

import threading

import pytest

from kn_assets.corpora.wikipedia.http.policy import Pace, retry_after


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_pace() -> None:
    clock = Clock()
    stopped = threading.Event()
    pace = Pace(10.0, stopped, clock, clock.sleep)
    starts = []
    for _ in range(11):
        assert pace.turn()
        starts.append(clock.now)
    assert starts == pytest.approx([i / 10 for i in range(11)])
    pace.pause(5.0)
    pace.turn()
    assert clock.now == pytest.approx(6.0)
    pace.slow_down()
    assert pace.rate == 5.0
    pace.turn()
    pace.turn()
    assert clock.now == pytest.approx(6.2 + 0.2)
    pace.went_well()
    assert pace.rate == pytest.approx(5.2)
    for _ in range(2000):
        pace.went_well()
    assert pace.rate == pytest.approx(9.0)  # never again what brought the 429
    for _ in range(100):
        pace.slow_down()
    assert pace.rate == pytest.approx(10 / 16)
    stopped.set()
    assert not pace.turn()


def test_retry_after() -> None:
    assert retry_after("") is None
    assert retry_after(" 12 ") == 12.0
    assert retry_after("-3") == 0.0
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after("soon") is None
