"""Lines of one kind are written within a rate, and the others are counted."""

import asyncio
from typing import Any

import pytest
import structlog

from pretzel.serving import log_limit
from pretzel.serving.errors import status_of
from pretzel.serving.log_limit import KINDS, LogLimit


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_one_line_a_second_with_the_number_of_those_between():
    log, clock = Log(), Clock()
    limit = LogLimit(burst=3, seconds=1.0, clock=clock)
    written = [limit.write(log, "refused", peer=number) for number in range(10)]
    assert written == [True] * 3 + [False] * 7
    clock.now = 1.5
    assert limit.write(log, "refused", peer=10)
    assert log.lines[-1] == ("refused", {"peer": 10, "suppressed": 7})
    assert not limit.write(log, "refused", peer=11)
    clock.now = 100.0  # all room is back, and no more
    assert [limit.write(log, "refused") for _ in range(4)] == [True] * 3 + [False]


def test_each_kind_has_a_rate_of_its_own():
    log = Log()
    limit = LogLimit(burst=1, clock=Clock())
    assert limit.write(log, "refused", kind="a")
    assert limit.write(log, "refused", kind="b")
    assert not limit.write(log, "refused", kind="a")


def test_the_number_of_kinds_is_bounded():
    log, clock = Log(), Clock()
    limit = LogLimit(burst=1, clock=clock)
    assert sum(limit.write(log, "refused", kind=number) for number in range(10 * KINDS)) == KINDS + 1
    clock.now = 60.0
    assert limit.write(log, "refused", kind="new")  # settled kinds make room


async def test_the_count_of_a_flood_that_ends_is_written(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(log_limit, "SETTLED_SECONDS", 0.01)
    log = Log()
    limit = LogLimit(burst=1)
    for _ in range(5):
        limit.write(log, "refused", peer="p")
    async with asyncio.timeout(10):
        while len(log.lines) < 2:
            await asyncio.sleep(0.01)
    assert log.lines == [("refused", {"peer": "p"}), ("refused", {"suppressed": 4})]


def test_a_fault_that_repeats_is_named_by_an_identifier_that_is_in_the_log():
    def fail(_: int) -> str:
        try:
            raise ZeroDivisionError("secret")
        except ZeroDivisionError as error:
            return status_of(error).fault

    with structlog.testing.capture_logs() as lines:
        faults = {fail(number) for number in range(200)}
    assert faults <= {line["fault"] for line in lines if "fault" in line}
    assert 1 <= len(faults) < 100
