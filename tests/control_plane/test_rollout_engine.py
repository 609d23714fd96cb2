"""The decisions about rollouts, for all figures."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pretzel.control_plane.rollout.engine import Observations, step
from pretzel.control_plane.rollout.window import Window
from pretzel.plan.durations import BOUNDS, BUCKETS, STEP, bucket, quantile
from pretzel.plan.rollout import LASTING, PAUSED, RUNNING, Figures, Rollout, Rules

counts = st.integers(0, 300)
figures = st.builds(
    lambda answered, faults, refusals, p99: Figures(answered + faults + refusals, faults, refusals, p99),
    *(counts, counts, counts, st.sampled_from([0.0, 0.001, 0.004, 0.1, 1.0])),
)
observations = st.builds(
    Observations, figures, figures, st.sampled_from(["", "", "no space"]), st.integers(0, 300), st.integers(0, 300)
)
rules = st.builds(
    Rules,
    calls=st.integers(1, 400),
    errors=st.sampled_from([0.0, 0.01, 0.5]),
    latency=st.sampled_from([0.0, 1.5]),
    patience=st.sampled_from([0.0, 50.0]),
)
rollouts = st.builds(
    lambda steps, at, status, rules: Rollout(
        "m", "stable", 1, 2, (*sorted(steps), 10_000), 10.0, rules, status=status, step=at % len(steps), began=100.0
    ),
    st.sets(st.integers(1, 9_999), min_size=1, max_size=5),
    st.integers(0, 10),
    st.sampled_from([RUNNING, RUNNING, RUNNING, PAUSED, "aborted"]),
    rules,
)


@given(rollouts, observations, st.floats(0, 200))
def test_every_decision_keeps_the_promises(rollout: Rollout, seen: Observations, now: float):
    after, decision = step(now, rollout, seen)
    if rollout.status != RUNNING:
        assert (after, decision) == (rollout, None)
        return
    if decision is None:
        assert after == rollout
        return
    assert decision.step == rollout.step and decision.reason and decision.at == now
    if after.status == "rolled back":
        assert decision.decision == "roll back" and after.ended == now
        return
    assert after.step == rollout.step + 1  # no step is skipped
    assert now - rollout.began >= rollout.every and seen.version.calls >= rollout.rules.calls and not seen.held
    assert after.began == now
    assert (after.status == "promoted") == (after.steps[after.step] == 10_000) == (decision.decision == "promote")


@given(rollouts, observations, st.floats(0, 200))
def test_a_broken_rule_rolls_back(rollout: Rollout, seen: Observations, now: float):
    rollout, new = replace(rollout, status=RUNNING), seen.version
    enough = new.calls >= rollout.rules.calls
    more = rollout.rules.errors > 0 and new.errors > seen.stable.errors + rollout.rules.errors
    starved = not enough and 0 < rollout.rules.patience <= now - rollout.began
    if seen.held or (enough and more) or starved:
        assert step(now, rollout, seen)[0].status == "rolled back"


def test_each_rule_has_its_reason():
    rollout = Rollout("m", "stable", 1, 2, (100, 10_000), 10.0, Rules(calls=100), began=100.0)
    fine = Figures(1000, 0, 0, 0.01)
    for seen, reason in (
        (Observations(Figures(200, 3, 0, 0.01), fine), "3 failed and 0 refused of 200 calls, 1.50%, and 0.00% of ver"),
        (Observations(Figures(200, 110, 0), Figures(200, 110, 0)), "110 of 200 calls failed (all_errors)"),
        (Observations(Figures(200, 0, 0, 0.021), fine), "p99 21 ms, and 10 ms of version 1 (latency)"),
        (Observations(fine, fine, compared=200, disagreeing=11), "11 of 200 answers differ from those of version 1"),
        (Observations(held="w: no space"), "version 2 is held back: w: no space"),
    ):
        after, decision = step(101.0, rollout, seen)
        assert after.status == "rolled back" and reason in decision.reason
    for seen in (
        Observations(Figures(200, 2, 0, 0.01), fine),
        Observations(Figures(200, 3, 0, 0.01), Figures(200, 2, 0, 0.01)),
        Observations(Figures(200, 0, 0, 0.0059), Figures(200, 0, 0, 0.001)),  # within the slack
        Observations(Figures(99, 99, 0), fine),
        Observations(fine, fine, compared=99, disagreeing=99),
    ):
        assert step(101.0, rollout, seen) == (rollout, None)


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 5), min_size=BUCKETS + 2, max_size=BUCKETS + 2))))
def test_reports_that_repeat_or_come_late_count_once(growth):
    """The counts of three processes grow; each report is seen twice, and the first one again at the end."""
    window, now, first = Window(), {}, {}
    for process, more in growth:
        before = now.get(f"p{process}", [0] * (BUCKETS + 2))
        now[f"p{process}"] = [a + b for a, b in zip(before, more, strict=True)]
        first.setdefault(f"p{process}", now[f"p{process}"])
        for _ in range(2):
            window.see({f"p{process}": now[f"p{process}"]})
    window.see(first)
    assert window.figures().calls == sum(map(sum, now.values()))
    kept = Window()
    window.restart()
    kept.start_at(window.started())
    kept.see(now)
    assert window.figures().calls == kept.figures().calls == 0
    kept.see({"p9": [1] * (BUCKETS + 2)})
    assert kept.figures().calls == BUCKETS + 2


@given(st.lists(st.floats(1e-5, BOUNDS[-1]), min_size=1, max_size=50), st.floats(0.01, 1))
def test_quantiles_are_of_the_bucket(durations: list[float], part: float):
    buckets = [0] * BUCKETS
    for one in durations:
        buckets[bucket(one)] += 1
    found = quantile(buckets, part)
    assert sum(one <= found for one in durations) >= part * len(durations) * (1 - 1e-12)
    below = sum(one <= found / STEP * (1 - 1e-9) for one in durations)
    assert below < part * len(durations) * (1 + 1e-9) + 1e-9


def test_states():
    assert [status in LASTING for status in (RUNNING, PAUSED, "promoted")] == [True, True, False]
