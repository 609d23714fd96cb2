"""Scheduled changes in every database, by a clock that the tests move."""

from dataclasses import replace
from functools import partial

import pytest

from pretzel.control_plane.catalog import Catalog, scheduling
from pretzel.control_plane.catalog.audit import Origin
from pretzel.control_plane.catalog.audit.filters import Filters
from pretzel.control_plane.catalog.audit.trail import Trail
from pretzel.control_plane.catalog.joining import joining
from pretzel.control_plane.catalog.scheduling import FAILED, Schedule, Scheduled
from pretzel.control_plane.catalog.work import Task
from pretzel.errors import ExhaustedError, InputError, NotFoundError, PreconditionError, UnavailableError
from tests.control_plane.catalog.releases import deploy

TASK = Task("schedule", "", 0)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def schedule(catalog: Catalog, clock: Clock) -> Schedule:
    deploy(catalog, seed=1)
    deploy(catalog, seed=2)
    return Schedule(catalog.database, clock)


def change(clock: Clock, seconds: float = 60.0, **more: object) -> Scheduled:
    return replace(Scheduled("SetAlias", b"\x0a\x01m", "m", clock.now + seconds), **more)


def make(catalog: Catalog, schedule: Schedule, wanted: Scheduled, version: int = 1) -> None:
    with joining(partial(schedule.made, TASK, wanted)):
        catalog.set_alias("m", "stable", version)


def test_a_change_is_due_at_its_time_and_not_before(schedule: Schedule, clock: Clock):
    late, soon = schedule.add(change(clock, 90)), schedule.add(change(clock, 60))
    assert schedule.due() == []
    clock.now += 60
    assert schedule.due() == [soon]
    clock.now += 60
    assert schedule.due() == [soon, late]


def test_a_change_and_its_outcome_are_one_transaction(catalog: Catalog, schedule: Schedule, clock: Clock):
    wanted = schedule.add(change(clock))
    clock.now += 61
    with pytest.raises(NotFoundError):
        make(catalog, schedule, wanted, version=9)
    assert schedule.due() == [wanted]
    make(catalog, schedule, wanted)
    made = schedule.find(wanted.id)
    assert (made.status, made.ended, made.outcome, schedule.due()) == ("done", clock.now, "", [])
    assert catalog.model("m").aliases == {"stable": 1}
    with pytest.raises(UnavailableError, match="scheduled change 1: it was made or cancelled meanwhile"):
        make(catalog, schedule, wanted, version=2)
    assert catalog.model("m").aliases == {"stable": 1}


def test_a_change_that_alters_nothing_is_made(catalog: Catalog, schedule: Schedule, clock: Clock):
    wanted = schedule.add(change(clock))
    make(catalog, schedule, wanted, version=2)
    assert schedule.find(wanted.id).status == "done"


def test_a_late_change_says_so(catalog: Catalog, schedule: Schedule, clock: Clock):
    wanted = schedule.add(change(clock))
    clock.now += 3660
    make(catalog, schedule, wanted)
    assert schedule.find(wanted.id).outcome == "3,600 s late: no control plane could make it at its time"


def test_a_change_that_was_not_made_is_kept_with_the_reason(catalog: Catalog, schedule: Schedule, clock: Clock):
    wanted = schedule.add(change(clock))
    origin = Origin("SetAlias", "ada", "", "ipv4:10.0.0.1:7")
    schedule.give_up(TASK, wanted, origin, FAILED, "NOT_FOUND", "no m\0")
    failed = schedule.find(wanted.id)
    assert (failed.status, failed.outcome) == ("failed", "NOT_FOUND: no m\ufffd")
    (record, *_), _ = Trail(catalog.database).page(Filters(), 0, 10)
    assert (record.identity, record.method, record.model, record.code) == ("ada", "SetAlias", "m", "NOT_FOUND")
    with pytest.raises(PreconditionError, match="scheduled change 1: it has failed already; SetAlias m at 1970-01-12"):
        schedule.cancel(wanted.id)


def test_a_cancelled_change_is_not_made(catalog: Catalog, schedule: Schedule, clock: Clock):
    wanted = schedule.add(change(clock))
    assert schedule.cancel(wanted.id).status == schedule.cancel(wanted.id).status == "cancelled"
    clock.now += 60
    assert schedule.due() == []
    with pytest.raises(UnavailableError, match="made or cancelled meanwhile"):
        make(catalog, schedule, wanted)
    for number in (0, 7, 1 << 70):
        with pytest.raises(NotFoundError, match=f"scheduled change {number}: there is none with this number; pretzel"):
            schedule.cancel(number)


def test_a_repeated_call_schedules_once(schedule: Schedule, clock: Clock):
    first = schedule.add(change(clock, key="k", identity="ada"))
    clock.now += 3600  # also after its time
    assert schedule.add(change(clock, key="k", identity="ada")) == first
    assert schedule.add(change(clock, key="k", identity="eve")).id == 2
    assert [schedule.add(change(clock)).id for _ in range(2)] == [3, 4]


def test_pages(schedule: Schedule, clock: Clock):
    for _ in range(5):
        schedule.add(change(clock))
    schedule.cancel(2)

    def numbers(*arguments: int, **more: object) -> tuple[list[int], int]:
        found, following = schedule.page(*arguments, **more)  # type: ignore[arg-type]
        return [one.id for one in found], following

    assert numbers(0, 2) == ([5, 4], 4)
    assert numbers(4, 3) == ([3, 2, 1], 0)
    assert numbers(0, 9, waiting=True) == ([5, 4, 3, 1], 0)
    assert numbers(0, 1, sees=lambda one: one.id < 3) == ([2], 2)


def test_few_changes_are_kept(schedule: Schedule, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scheduling, "MOST_WAITING", 3)
    monkeypatch.setattr(scheduling, "MOST_ENDED", 2)
    for _ in range(3):
        schedule.add(change(clock))
    with pytest.raises(ExhaustedError, match="schedule: 3 changes wait already; cancel some: pretzel unschedule"):
        schedule.add(change(clock))
    for number in (1, 2, 3):
        schedule.cancel(number)
    assert [one.id for one in schedule.page(0, 9)[0]] == [3, 2]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"at": 5.0}, "at 5.0 has passed; expected a time in the next 400 days"),
        ({"at": float("nan")}, "at nan is not a time; expected"),
        ({"at": 1e12}, "at 1000000000000.0 is too late; expected"),
        ({"not_after": 7.0}, "not_after 7.0 is before at 1000060.0, or is not a time; give a later one"),
        ({"not_after": float("inf")}, "not_after inf is before"),
        ({"note": "x" * 501}, "a note of 501 characters; "),
        ({"note": "\0"}, "without NUL"),
    ],
)
def test_a_malformed_order_is_refused(schedule: Schedule, clock: Clock, wrong: dict[str, object], message: str):
    with pytest.raises(InputError, match=message):
        schedule.add(change(clock, **wrong))
    assert schedule.page(0, 9) == ([], 0)
