"""Importers are small functions found by the exact type of an estimator; there is no ladder of isinstance."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from pretzel.errors import UnsupportedError
from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Inputs, UnreadableError
from pretzel.plan.node import Node

Methods = dict[str, Node]
"""The node that gives what each fitted method returns: ``transform``, ``predict``, ``predict_proba``, ..."""

Importer = Callable[[Any, Columns, "Step"], Methods]
StandIn = TypeVar("StandIn", bound=Callable[[Any], Any])
Answer = Callable[[Any, Any], Any]
"""A function of (estimator, X) that returns what the library itself answers."""
Inner = TypeVar("Inner", bound=Callable[[Any], tuple[Any, Callable[[Any], Any]]])

IMPORTERS: dict[type, Importer] = {}
STAND_INS: dict[type, Callable[[Any], Any]] = {}
"""What makes of a model, which knows nothing of scikit-learn's attributes, one that has an importer."""
GIVEN: dict[type, Callable[[Any, Inputs], Columns]] = {}
"""What a model is given that stands by itself, where it does not say so in ``feature_names_in_``/``n_features_in_``."""
INNER: dict[type, Callable[[Any], tuple[Any, Callable[[Any], Any]]]] = {}
"""Functions of an estimator that passes on what a model inside it answers, by class; see :func:`asks_inner`."""
ANSWERS: dict[tuple[str, type], Answer] = {}
"""How to ask a library for an output that is not a method of the estimator, by output and class."""
REFUSED: dict[type, tuple[str, str]] = {}
"""Classes that cannot be served exactly whatever their options: why not, and what to do instead."""
UNKNOWN = ("no importer knows its type", "replace the step by a supported one (docs/operators.md)")
FAMILIES: dict[str, str] = {
    "catboost": "pretzel.importers.catboost.estimators",
    "lightgbm": "pretzel.importers.lightgbm.estimators",
    "onnx": "pretzel.importers.onnx",
    "sklearn": "pretzel.importers.sklearn",
    "xgboost": "pretzel.importers.xgboost.estimators",
}
"""The package of ours that registers the importers of each library, loaded when an estimator of it is met."""


def imports(*classes: type) -> Callable[[Importer], Importer]:
    """Register a function of (estimator, what it is given, where it stands) as the importer of these classes.

    A subclass is not covered: it may have changed what its methods do.
    """

    def register(function: Importer) -> Importer:
        for found in classes:
            if found in IMPORTERS:
                raise TypeError(f"{found.__qualname__} has two importers")
            IMPORTERS[found] = function
        return function

    return register


def given(*classes: type) -> Callable[[Callable[[Any, Inputs], Columns]], Callable[[Any, Inputs], Columns]]:
    """Register a function of (model, inputs in the making) that returns the columns that the model is given."""

    def register(function: Callable[[Any, Inputs], Columns]) -> Callable[[Any, Inputs], Columns]:
        GIVEN.update(dict.fromkeys(classes, function))
        return function

    return register


def stands_in(kind: type) -> Callable[[StandIn], StandIn]:
    """Register a function that returns a model in whose place it is imported, and checked on samples."""

    def register(function: StandIn) -> StandIn:
        STAND_INS[kind] = function
        return function

    return register


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
    load_family(type(estimator))
    kind = type(estimator)
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


def refuses(*classes: type, reason: str, remedy: str) -> None:
    """Say of classes why none of their estimators can be served exactly, and what to do instead."""
    REFUSED.update(dict.fromkeys(classes, (reason, remedy)))


@dataclass(frozen=True, slots=True)
class Offer:
    """An optional output of a model: how to build it, and the form in which the library returns it."""

    build: Callable[[], Node | Methods]
    """Called only where the output is wanted: returns its node, or its parts by name; none where there is no answer."""
    dtype: str | None = None
    """NumPy's name of the library's dtype (``<f4``), where it is not that of the node."""
    shape: tuple[int, ...] | None = None
    """The library's shape behind the rows, where it is not ``(columns,)``."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where an estimator stands in what the user exports, for messages: ``pipeline.features.text``."""

    path: str
    estimator: Any
    offers: dict[str, Offer] = field(default_factory=dict, compare=False, repr=False)
    """The optional outputs of what is exported, by name; those of inner steps are not kept."""

    def offer(self, output: str, build: Callable[[], Node | Methods], **form: Any) -> None:
        """Offer an output that is not a method of the estimator, such as ``leaf_index``.

        ``build`` is called only where the output is wanted.  It and ``form`` are as in :class:`Offer`.
        """
        self.offers[output] = Offer(build, **form)

    def delegate(self, name: str, estimator: Any, x: Columns) -> Methods:
        """Import ``estimator``, whose methods are those of this one: optional outputs too."""
        return import_estimator(estimator, x, Step(f"{self.path}.{name}", estimator, self.offers))

    def enter(self, name: str, estimator: Any, x: Columns) -> Methods:
        """Import ``estimator``, a part of this one under ``name``, over ``x``."""
        return import_estimator(estimator, x, Step(f"{self.path}.{name}", estimator))

    def transform(self, name: str, estimator: Any, x: Columns) -> Node:
        """Import ``estimator`` for its ``transform`` alone."""
        methods = self.enter(name, estimator, x)
        if "transform" not in methods:
            raise Step(f"{self.path}.{name}", estimator).refuse("", "it has no transform", "place it last")
        return methods["transform"]

    def refuse(self, option: str, reason: str, remedy: str) -> UnsupportedError:
        """Return the error that says what cannot be served: step, option (or ""), why, and what to do instead."""
        kind = type(self.estimator).__name__
        where = f"{kind}({option}={getattr(self.estimator, option, '...')!r:.60})" if option else kind
        return UnsupportedError(f"{self.path}: {where} cannot be served: {reason}; {remedy}")


def import_estimator(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the nodes of a fitted estimator's methods over ``x``.

    Raises:
        UnsupportedError: it, an option or a callable of it cannot be served exactly.
    """
    load_family(type(estimator))
    importer = IMPORTERS.get(type(estimator))
    if importer is None:
        raise step.refuse("", *REFUSED.get(type(estimator), UNKNOWN))
    try:
        return importer(estimator, x, step)
    except UnreadableError as error:
        raise UnsupportedError(f"{step.path}: {type(estimator).__name__} cannot be served: {error}") from None
    except (AttributeError, ValueError) as error:  # what importers look for is there once it is fitted
        if is_fitted(estimator):
            raise
        raise step.refuse("", "it is not fitted", "fit it first") from error


def is_fitted(estimator: Any) -> bool:
    """Whether it has learned anything: as it says itself, or as attributes that end in an underscore tell."""
    if not hasattr(estimator, "fit"):
        return True
    if hasattr(estimator, "__sklearn_is_fitted__"):
        return bool(estimator.__sklearn_is_fitted__())
    return any(name.endswith("_") and not name.startswith("__") for name in vars(estimator))


def load_family(kind: type) -> None:
    """Import the package that registers the importers of the library a class comes from."""
    for base in kind.__mro__:
        package = FAMILIES.get(base.__module__.partition(".")[0])
        if package is not None:
            importlib.import_module(package)
