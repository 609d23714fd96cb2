"""Registry of the functions that compute an output by the library when it is not a method of the estimator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from pretzel.importers.registry import STAND_INS, served_as

Answer = Callable[[Any, Any], Any]
"""A function of (estimator, X) that returns the library's answer."""
Inner = TypeVar("Inner", bound=Callable[[Any], tuple[Any, Callable[[Any], Any]]])

INNER: dict[type, Callable[[Any], tuple[Any, Callable[[Any], Any]]]] = {}
"""Functions of estimators that return the answers of an inner model, by class; see :func:`asks_inner`."""
ANSWERS: dict[tuple[str, type], Answer] = {}
"""Functions that compute an output by the library, by output and class."""


def answers(output: str, *classes: type) -> Callable[[Answer], Answer]:
    """Register a function of (estimator, X) that computes ``output`` by the library, for classes without such a method.

    It returns an array with one entry per row, in the library's own shape and dtype.  Deployments compare with it.
    """

    def register(function: Answer) -> Answer:
        ANSWERS.update({(output, kind): function for kind in classes})
        return function

    return register


def asks_inner(*classes: type) -> Callable[[Inner], Inner]:
    """Register a function that returns the model inside an estimator, and a function from X to that model's input."""

    def register(function: Inner) -> Inner:
        INNER.update(dict.fromkeys(classes, function))
        return function

    return register


def answer_of(estimator: Any, output: str) -> Callable[[Any], Any] | None:
    """Return the function of X by which the library computes ``output``; None if it cannot.

    A registered function precedes a method of that name, which precedes the inner model or the replacement.
    """
    kind = served_as(type(estimator))
    if (output, kind) in ANSWERS:
        return partial(ANSWERS[output, kind], estimator)
    if hasattr(estimator, output):
        method: Callable[[Any], Any] = getattr(estimator, output)
        return method
    if kind in INNER:
        inner, prepare = INNER[kind](estimator)
        ask = answer_of(inner, output)
        return None if ask is None else partial(_ask_inner, ask, prepare)
    return answer_of(STAND_INS[kind](estimator), output) if kind in STAND_INS else None


def _ask_inner(ask: Callable[[Any], Any], prepare: Callable[[Any], Any], X: Any) -> Any:
    return ask(prepare(X))
