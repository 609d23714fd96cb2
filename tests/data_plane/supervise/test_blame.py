"""Plans that are barred after deaths of processes."""

from __future__ import annotations

import pytest

from pretzel.data_plane.residency.flight import PLANS, Flight, FlightRecorder, Watched
from pretzel.data_plane.supervise.blame import FIRST, LONGEST, SUSPICIONS, Blame
from pretzel.plan.digest import Digest

BAD, GOOD, OTHER = b"bad", b"good", b"other"


def test_a_plan_that_ran_in_every_death_is_barred_and_one_that_ran_once_is_not():
    blame = Blame()
    assert not blame.died({BAD, GOOD}, 0)
    assert blame.barred == {}
    assert blame.died({BAD, OTHER}, 1)
    assert blame.barred == {BAD: 1 + FIRST}


def test_a_death_without_running_plans_blames_none():
    blame = Blame()
    assert not any(blame.died(set(), now) for now in range(10))
    assert not blame.died({BAD}, 11)
    assert blame.died({BAD}, 12)


def test_each_bar_is_twice_as_long_and_bounded():
    blame, now, lengths = Blame(), 0.0, []
    for _ in range(10):
        for _ in range(SUSPICIONS):
            blame.died({BAD}, now)
        lengths.append(blame.barred[BAD] - now)
        now = blame.barred[BAD]
        assert not blame.died(set(), now)
        assert blame.barred == {}
    assert lengths[:3] == [FIRST, 2 * FIRST, 4 * FIRST]
    assert lengths[-1] == LONGEST


def test_two_plans_that_kill_are_both_found():
    blame = Blame()
    for now in range(8):
        running = {BAD, OTHER} - blame.barred.keys()
        blame.died({[*sorted(running)][now % len(running)]} if running else set(), now)
    assert blame.barred.keys() == {BAD, OTHER}


def test_the_record_outlives_its_process_and_is_empty_between_runs():
    recorder = FlightRecorder(2)
    flight = Flight(recorder.path, 1)
    plans = [Digest.of(b"%d" % i) for i in range(PLANS + 3)]

    class Executable:
        outputs = ("predict",)

        def run(self, columns: object, *, deadline: float) -> str:
            assert recorder.running(1) == {bytes.fromhex(plan.hex) for plan in plans[:PLANS]}
            assert recorder.running(0) == set()
            return f"{columns} {deadline}"

    watched = Watched(Executable(), flight, plans)
    assert watched.outputs == ("predict",)
    assert watched.run("x", deadline=1.0) == "x 1.0"
    assert recorder.running(1) == set()
    with pytest.raises(TypeError):
        watched.run()
    assert recorder.running(1) == set()
    with flight.over(bytes.fromhex(plans[0].hex)):
        recorder.clear(1)
        assert recorder.running(1) == set()
    recorder.close()
