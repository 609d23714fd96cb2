"""Counters, and their sums over processes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from pretzel.data_plane.measure.aggregate import merge
from pretzel.data_plane.measure.counters import BOUNDS, OTHER, Tally
from pretzel.data_plane.measure.metrics import families
from pretzel.plan.encoding import decode, encode


def counted(*durations: float, model: str = "m", rows: int = 1) -> Tally:
    tally = Tally()
    for seconds in durations:
        calls = tally.calls("Predict", model)
        calls.observe(seconds)
        calls.rows += rows
    return tally


def test_a_duration_falls_into_the_first_bucket_that_holds_it():
    buckets = counted(0.0, BOUNDS[0], BOUNDS[0] * 1.01, 11.0).calls("Predict", "m").buckets
    assert (buckets[0], buckets[1], buckets[-1], sum(buckets)) == (2, 1, 1, 4)


def test_labels_are_bounded_for_any_callers():
    tally = Tally(models=2)
    assert [tally.label(name) for name in ("a", "b", "c", "a", "d")] == ["a", "b", OTHER, "a", OTHER]
    for i in range(100):
        tally.error("Predict", f"made-up-{i}", "NOT_FOUND")
    tally.error("Predict", "a", "INTERNAL")
    assert tally.errors == {("Predict", OTHER, "NOT_FOUND"): 100, ("Predict", "a", "INTERNAL"): 1}


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 20)), max_size=10), max_size=5))
def test_the_sum_over_processes_equals_that_of_one_process(calls):
    whole, parts = Tally(), []
    for part in calls:
        tally = Tally()
        for model, seconds in part:
            for one in (whole, tally):
                one.calls("Predict", model).observe(seconds)
                one.loads.observe(seconds)
                one.error("Predict", model, "INTERNAL")
                one.counts["evictions"] += 1
        parts.append(decode(encode(tally.snapshot())))  # as sent over the link
    assert _rounded(merge([merge(parts[:2]), *parts[2:]])) == _rounded(merge([whole.snapshot()]))


def _rounded(numbers):
    calls = sorted([method, model, buckets, round(s, 6), rows] for method, model, buckets, s, rows in numbers["calls"])
    buckets, seconds = numbers["loads"]
    return calls, sorted(numbers["errors"]), sum(buckets), round(seconds, 6), numbers["counts"]


def test_dead_processes_add_to_counters_but_not_to_gauges():
    live = counted(0.1).snapshot() | {
        "gauges": {"resident_bytes": 5, "resident_plans": 1, "fused_bytes": 3, "queued": 0, "running": 2, "revision": 1}
    }
    dead = merge([counted(0.2, 0.3).snapshot()])

    class Once(Collector):
        def collect(self):
            return families([dead, live, live], {"process_restarts": 1}, {"models": 7})

    registry = CollectorRegistry()
    registry.register(Once())
    text = generate_latest(registry).decode()
    samples = {(s.name, *s.labels.values()): s.value for f in text_string_to_metric_families(text) for s in f.samples}
    assert samples["pretzel_request_seconds_count", "Predict", "m"] == 4
    assert samples["pretzel_request_seconds_bucket", "0.1", "Predict", "m"] == 2
    assert samples["pretzel_resident_bytes",] == 10
    assert samples["pretzel_fused_bytes",] == 6
    assert samples["pretzel_process_restarts_total",] == 1
    assert samples["pretzel_models",] == 7
