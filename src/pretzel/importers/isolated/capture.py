"""Record the inputs and results of a step while its model answers a sample."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

METHODS = ("transform", "predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples")
"""Methods of estimators that may be Python stages."""


@dataclass(frozen=True)
class Captured:
    """One call of a method."""

    given: Any
    result: Any


def captured(model: Any, step: Any, sample: Any) -> dict[str, Captured]:
    """Return the first call of each method of a step while its model answers a sample."""
    calls: dict[str, Captured] = {}
    with _recording(step, calls), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in available(model):
            with contextlib.suppress(Exception):  # a method may reject the sample, or need other data
                getattr(model, name)(sample)
    return calls


def available(estimator: Any) -> list[str]:
    """Return the methods of an estimator that may be stages."""
    names = []
    for name in METHODS:
        with contextlib.suppress(Exception):  # a property of an unknown class may raise anything
            if callable(getattr(estimator, name, None)):
                names.append(name)
    return names


@contextlib.contextmanager
def _recording(step: Any, calls: dict[str, Captured]) -> Iterator[None]:
    """Record calls of a step's methods by attributes of the instance, which hide those of its class."""
    hidden = []
    try:
        for name in available(step):
            with contextlib.suppress(Exception):  # an instance without attributes of its own cannot be recorded
                object.__setattr__(step, name, _recorder(getattr(step, name), name, calls))
                hidden.append(name)
        yield
    finally:
        for name in hidden:
            object.__delattr__(step, name)


def _recorder(method: Callable[..., Any], name: str, calls: dict[str, Captured]) -> Callable[..., Any]:
    def record(X: Any, *arguments: Any, **options: Any) -> Any:
        result = method(X, *arguments, **options)
        if not arguments and not options:
            calls.setdefault(name, Captured(X, result))
        return result

    return record
