"""How a library is asked for an output that is no method of its estimators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Ask = Callable[[Any, Any], Any]
Asked = TypeVar("Asked", bound=Ask)

_ASKED: dict[tuple[type, str], Ask] = {}


def asked(method: str, *classes: type) -> Callable[[Asked], Asked]:
    """Register a function of (estimator, X) that returns the library's own answer for an output of this name."""

    def register(function: Asked) -> Asked:
        _ASKED.update(dict.fromkeys(((found, method) for found in classes), function))
        return function

    return register


def own_answer(estimator: Any, method: str, X: Any) -> Any:
    """Return the library's own answer for a method; None where the library has none.

    A pipeline and a search are asked by what they end with, or found.
    """
    if hasattr(estimator, method):
        return getattr(estimator, method)(X)
    ask = _ASKED.get((type(estimator), method))
    if ask is not None:
        return ask(estimator, X)
    if hasattr(estimator, "best_estimator_"):
        return own_answer(estimator.best_estimator_, method, X)
    if getattr(estimator, "steps", None):
        given = estimator[:-1].transform(X) if len(estimator.steps) > 1 else X
        return own_answer(estimator.steps[-1][1], method, given)
    return None
