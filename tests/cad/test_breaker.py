"""A struggling hub is left alone (R16)."""

import pytest

from custom_components.smets1_cad.cad.breaker import Breaker

from .clocks import SteppedClock


def test_opens_after_three_failures_in_a_row() -> None:
    clock = SteppedClock()
    breaker = Breaker(clock)
    breaker.failure()
    breaker.failure()
    breaker.success()
    for _ in range(2):
        breaker.failure()
        assert not breaker.is_open
    breaker.failure()
    assert breaker.is_open
    assert breaker.remaining == 60
    assert breaker.openings == 1


def test_rest_doubles_up_to_an_hour_and_one_success_closes() -> None:
    clock = SteppedClock()
    breaker = Breaker(clock)
    breaker.failure()
    breaker.failure()
    rests = []
    for _ in range(9):
        breaker.failure()
        rests.append(breaker.remaining)
        clock.advance(breaker.remaining)
        assert not breaker.is_open
    assert rests == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    breaker.success()
    assert breaker.failures == 0
    for _ in range(3):
        breaker.failure()
    assert breaker.remaining == pytest.approx(60)
