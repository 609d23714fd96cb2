"""Time one row: scikit-learn, the compiled plan in process, and the plan over gRPC, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pretzel
from showcase.trained import Trained

BUDGET_SECONDS = 0.12
"""Time per model and way of calling it."""
WARM, FEWEST, MOST = 3, 5, 400


@dataclass(frozen=True, slots=True)
class Latency:
    """Median seconds for one row."""

    model: Trained
    sklearn: float
    compiled: float
    served: float


def measure(model: Trained, client: pretzel.Client) -> Latency:
    """Time one row of the most expensive method, each way in the same run."""
    method = next(name for name in ("predict_proba", "decision_function", "predict") if hasattr(model.estimator, name))
    row, compiled = model.head(1), pretzel.compile(model.estimator)
    return Latency(
        model,
        _median(getattr(model.estimator, method), row),
        _median(getattr(compiled, method), row),
        _median(lambda X: client.score(model.name, X, method), row),
    )


def _median(call: Callable[[Any], Any], row: Any) -> float:
    for _ in range(WARM):
        call(row)
    times: list[float] = []
    end = time.perf_counter() + BUDGET_SECONDS
    while len(times) < FEWEST or (len(times) < MOST and time.perf_counter() < end):
        start = time.perf_counter()
        call(row)
        times.append(time.perf_counter() - start)
    return statistics.median(times)
