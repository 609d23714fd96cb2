"""The budget of retries: a share of the calls, and a few more for lone calls."""

from __future__ import annotations

import pytest

from pretzel.client.budget import FEW, MOST, SHARE, RetryBudget


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> RetryBudget:
    return RetryBudget(clock)


def taken(budget: RetryBudget, most: int = 10_000) -> int:
    """Take until it is spent."""
    return next(count for count in range(most) if not budget.take())


def test_a_lone_call_can_be_repeated(budget: RetryBudget):
    assert taken(budget) == FEW


def test_calls_earn_a_tenth_of_a_retry(budget: RetryBudget):
    taken(budget)
    for _ in range(200):
        budget.earn()
    assert taken(budget) == pytest.approx(200 * SHARE, abs=1)


def test_time_earns_a_few_retries_and_no_more(budget: RetryBudget, clock: Clock):
    taken(budget)
    clock.now += 3
    assert taken(budget) == 3
    clock.now += 3600
    assert taken(budget) == FEW


def test_calls_without_failures_save_a_bounded_number(budget: RetryBudget, clock: Clock):
    for _ in range(100_000):
        budget.earn()
    clock.now += 3600
    assert taken(budget) == pytest.approx(MOST, abs=1)
