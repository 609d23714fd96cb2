"""The result of a run: figures for people, for files and for comparisons."""

from __future__ import annotations

import math
from typing import Any

from pretzel.errors import InputError
from pretzel.loadgen.histogram import Histogram
from pretzel.loadgen.schedule import Load
from pretzel.loadgen.tally import Tally

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "p99.99": 0.9999, "max": 1.0}
CURVE = [
    *(k / 20 for k in range(19)),
    *(1 - 10 ** (-k / 4) for k in range(4, 21)),
    1.0,
]
"""Shares of the answers at which a plot has a point: closer to 1, ten times as rare every four points."""
LATE_SECONDS = 1e-3
"""A generator that sends one call in a hundred later than this is too slow for its load."""


def latencies(histogram: Histogram, missing: int = 0) -> dict[str, float | None]:
    """Return the quantiles in milliseconds; None where calls without an answer begin."""
    values = {name: histogram.quantile(q, missing) * 1e3 for name, q in QUANTILES.items()}
    return {name: round(value, 4) if math.isfinite(value) else None for name, value in values.items()}


def curve(histogram: Histogram) -> list[tuple[float, float]]:
    """Return the shares and their milliseconds."""
    return [(round(q, 7), round(histogram.quantile(q) * 1e3, 4)) for q in CURVE]


def of_run(load: Load, tally: Tally, slo: float | None, cpu: float) -> dict[str, Any]:
    """Return the figures of a run.

    Args:
        load: the load.
        tally: its counts.
        slo: milliseconds within which an answer is good.
        cpu: processor seconds of the generator.

    Raises:
        InputError: no call succeeded.
    """
    if not tally.answers:
        raise InputError(_no_answer(tally))
    histogram, seconds = tally.latency(), max(load.measured, tally.last - tally.start)
    result: dict[str, Any] = {
        "seconds": round(seconds, 3),
        "calls": tally.answers,
        "failures": tally.failures,
        "statuses": dict(tally.statuses.most_common()),
        "calls_per_second": round(tally.answers / seconds, 1),
        "rows_per_second": round(tally.rows / seconds, 1),
        "latency_ms": {"mean": round(histogram.mean * 1e3, 4)} | latencies(histogram),
    }
    if tally.failures:
        result["messages"] = tally.messages
        result["latency_with_failures_ms"] = latencies(histogram, tally.failures)
        result["failed_after_ms"] = latencies(tally.failed)
    if len(tally.by_rows()) > 1:
        parts = tally.by_rows().items()
        result["latency_by_rows_ms"] = {str(rows): latencies(part) for rows, part in parts if len(part)}
    if slo is not None:
        result |= {"slo_ms": slo, "goodput": round(histogram.within(slo / 1e3) / load.measured, 1)}
    result["generator"] = _generator(load, tally, cpu)
    result["curve"] = curve(histogram)
    return result


def _no_answer(tally: Tally) -> str:
    if not tally.statuses:
        return "no call was due in the measured time; increase --seconds or --rate"
    status, count = tally.statuses.most_common(1)[0]
    message = tally.messages.get(status, "")
    return f"no call succeeded; {count} ended with {status}" + (f": {message}" if message else "")


def _generator(load: Load, tally: Tally, cpu: float) -> dict[str, Any]:
    """Return figures of the generator itself."""
    calls = tally.statuses.total()
    figures: dict[str, Any] = {
        "cpu_seconds": round(cpu, 3),
        "cpu_us_per_call": round(cpu / calls * 1e6, 2),
    }
    if not load.callers:
        late = tally.late
        sent = len(late)
        figures |= {
            "scheduled": calls,
            "offered_per_second": round(calls / load.measured, 1),
            "not_sent": tally.unsent,
            "waited_for_others": tally.held,
            "outstanding_limit": load.outstanding,
            "late_ms": {key: value for key, value in latencies(late).items() if key != "p90"} if sent else {},
        }
    return figures


def warnings(result: dict[str, Any]) -> list[str]:
    """Return what limits the trust in a result, a sentence each."""
    found, own = [], result["generator"]
    late = (own.get("late_ms") or {}).get("p99") or 0.0
    if late > LATE_SECONDS * 1e3:
        cause = "the limit of calls without an answer" if own["waited_for_others"] else "the generator was too slow"
        found.append(
            f"calls were sent late (p99 {late:.3f} ms; {cause}); latencies count from the time at which they were due"
        )
    if own.get("not_sent"):
        found.append(f"{own['not_sent']} calls were not sent before their deadline, and count as failures")
    if result["failures"]:
        share = result["failures"] / (result["failures"] + result["calls"])
        found.append(f"{share:.2%} of the calls failed; latency_ms is that of the others")
    return found
