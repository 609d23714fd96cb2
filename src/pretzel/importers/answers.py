"""How to ask a library for an output that is not a method of its estimator, such as the leaf that a row reaches."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from pretzel.importers.registry import STAND_INS, served_as

Answer = Callable[[Any, Any], Any]
"""A function of (estimator, X) that returns what the library itself answers."""
Inner = TypeVar("Inner", bound=Callable[[Any], tuple[Any, Callable[[Any], Any]]])

INNER: dict[type, Callable[[Any], tuple[Any, Callable[[Any], Any]]]] = {}
"""Functions of an estimator that passes on what a model inside it answers, by class; see :func:`asks_inner`."""
ANSWERS: dict[tuple[str, type], Answer] = {}
"""How to ask a library for an output that is not a method of the estimator, by output and class."""


def answers(output: str, *classes: type) -> Callable[[Answer], Answer]:
    """Register a function of (estimator, X) that asks the library for ``output``, which the classes have no method for.

    It returns an array with one entry per row, in the library's own shape and dtype.  Deployments compare with it.
    """

    def register(function: Answer) -> Answer:
        ANSWERS.update({(output, found): function for found in classes})
        return function

    return register


def asks_inner(*classes: type) -> Callable[[Inner], Inner]:
    """Register a function that returns the model inside an estimator, and a function of X for what that is given."""

    def register(function: Inner) -> Inner:
        INNER.update(dict.fromkeys(classes, function))
        return function

    return register


def answer_of(estimator: Any, output: str) -> Callable[[Any], Any] | None:
    """Return the function of X by which the library answers ``output``; None where it has no way to.

    A registered function comes before a method of that name, and a method before the model inside or standing in.
    """
    kind = served_as(type(estimator))
    if (output, kind) in ANSWERS:
        return partial(ANSWERS[output, kind], estimator)
    if hasattr(estimator, output):
        found: Callable[[Any], Any] = getattr(estimator, output)
        return found
    if kind in INNER:
        inner, prepare = INNER[kind](estimator)
        ask = answer_of(inner, output)
        return None if ask is None else partial(_ask_inner, ask, prepare)
    return answer_of(STAND_INS[kind](estimator), output) if kind in STAND_INS else None


def _ask_inner(ask: Callable[[Any], Any], prepare: Callable[[Any], Any], X: Any) -> Any:
    return ask(prepare(X))
