"""Importers are small functions found by the class of an estimator; there is no ladder of isinstance."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pretzel.errors import UnsupportedError
from pretzel.importers.columns import Columns
from pretzel.importers.differences import ROUNDED_THRESHOLDS
from pretzel.importers.findings import Findings, Note, Refusal, class_name, refused, shown
from pretzel.importers.inputs import Inputs, Open, UnreadableError, reading
from pretzel.importers.remedies import unknown_class
from pretzel.importers.rounding import may_cross
from pretzel.importers.singly import beside_learned
from pretzel.importers.storage import keeps_entries
from pretzel.importers.subclasses import base_of, changed
from pretzel.importers.tables_of_float32 import note_unclear
from pretzel.plan.node import Node

Methods = dict[str, Node]
"""The node that gives what each fitted method returns: ``transform``, ``predict``, ``predict_proba``, ..."""

Importer = Callable[[Any, Columns, "Step"], Methods]
StandIn = TypeVar("StandIn", bound=Callable[[Any], Any])
Imported = TypeVar("Imported")
IMPORTERS: dict[type, Importer] = {}
STAND_INS: dict[type, Callable[[Any], Any]] = {}
"""What makes of a model, which knows nothing of scikit-learn's attributes, one that has an importer."""
INPUTS_OF: dict[type, Callable[[Any, Inputs], Columns]] = {}
"""What a model is given that stands by itself, where it does not say so in ``feature_names_in_``/``n_features_in_``."""
ENTRIES: dict[type, bool] = {}
"""Classes that read a sparse row entry by entry, so that values stored in one place are not their sum; and whether
definitions over sparse rows do the same."""
REFUSED: dict[type, tuple[str, str]] = {}
"""Classes that cannot be served exactly whatever their options: why not, and what to do instead."""
GIVEN_ELSE = "give it what it was fitted on"
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

    A subclass is covered where it redefines nothing that decides its answers (:mod:`pretzel.importers.subclasses`).
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
        INPUTS_OF.update(dict.fromkeys(classes, function))
        return function

    return register


def adapts(kind: type) -> Callable[[StandIn], StandIn]:
    """Register a function that returns a model in whose place it is imported, and checked on samples."""

    def register(function: StandIn) -> StandIn:
        STAND_INS[kind] = function
        return function

    return register


def reads_entries(*classes: type, alike: bool) -> None:
    """Say of classes that values which a sparse row stores in one place are not their sum to them.

    ``alike``: whether what is computed over sparse rows reads the entries as the library does.
    """
    ENTRIES.update(dict.fromkeys(classes, alike))


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
    findings: Findings = field(default_factory=Findings, compare=False)
    """What all steps of one import share."""
    width: int | None = field(default=None, compare=False)
    """How many columns it makes, where the step around it knows."""
    cut: str = field(default="", compare=False)
    """The expression of what is left of the pipeline behind this step: ``pipeline[1:]``."""
    inputs: Inputs = field(default_factory=Inputs, compare=False)
    """Those of the definition in the making."""
    offers: dict[str, Offer] = field(default_factory=dict, compare=False, repr=False)
    """The optional outputs of what is exported, by name; those of inner steps are not kept."""

    forms: dict[str, list[Any]] = field(default_factory=dict, compare=False, repr=False)
    """The dtype and the shape of methods of what is exported, where they are not the node's own (``plan/forms.py``)."""

    left_out: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Why methods of what is exported are not served, and what to do instead."""

    def leaves_out(self, method: str, reason: str, remedy: str) -> None:
        """Say why a method that the estimator has is not served, where its others are."""
        self.left_out[method] = f"{reason}; {remedy}"

    def returns(self, method: str, shape: tuple[int, ...]) -> None:
        """Say that the library's method returns rows of another shape than its node gives."""
        self.forms[method] = [None, list(shape)]

    def offer(self, output: str, build: Callable[[], Node | Methods], **form: Any) -> None:
        """Offer an output that is not a method of the estimator, such as ``leaf_index``.

        ``build`` is called only where the output is wanted.  It and ``form`` are as in :class:`Offer`.
        """
        self.offers[output] = Offer(build, **form)

    def delegate(self, name: str, estimator: Any, x: Columns) -> Methods:
        """Import ``estimator``, whose methods are those of this one: optional outputs too."""
        return import_estimator(
            estimator,
            x,
            replace(self.inner(name, estimator), offers=self.offers, forms=self.forms, left_out=self.left_out),
        )

    def inner(self, name: str, estimator: Any, width: int | None = None, cut: str = "") -> Step:
        """Return the step that ``estimator``, a part of this one under ``name``, is."""
        return Step(f"{self.path}.{name}", estimator, self.findings, width, self.cut or cut, self.inputs)

    @property
    def is_model(self) -> bool:
        """Whether the estimator is what the user exports, rather than a part of it."""
        return "." not in self.path

    def enter(self, name: str, estimator: Any, x: Columns) -> Methods:
        """Import ``estimator``, a part of this one under ``name``, over ``x``."""
        return import_estimator(estimator, x, self.inner(name, estimator))

    def transform(self, name: str, estimator: Any, x: Columns, width: int | None = None, cut: str = "") -> Node:
        """Import ``estimator`` for its ``transform`` alone."""
        inner = self.inner(name, estimator, width, cut)
        methods = import_estimator(estimator, x, inner)
        if "transform" in methods:
            return methods["transform"]
        return self.findings.refused(inner.refuse("", "it has no transform", "place it last"), inner, "transform")

    def apply(self, function: Callable[[Any, Columns, Step], Imported], x: Columns) -> Imported:
        """Return what ``function``, in the place of the importer, makes of the estimator over ``x``."""
        _check(self.estimator, x, self)
        return _import(function, self.estimator, x, self)

    def may_differ(self, reason: str, remedy: str) -> None:
        """Note that answers of this step may differ from the library's; whoever compiles the model is warned.

        Args:
            reason: why; part of a sentence, after a colon.  Reasons stand in :mod:`pretzel.importers.differences`.
            remedy: what to do instead.
        """
        self.findings.note(Note(self.path, class_name(self.estimator), reason, remedy))

    def is_given_entries(self, x: Columns) -> bool:
        """Whether the library would give this step the entries of a sparse matrix, were that the model's input."""
        return any(isinstance(part, Open) or keeps_entries(part, self.inputs.sparse_results) for part in x.parts)

    def tells_zeros_apart(self, x: Columns) -> None:
        """Record that a stored zero and an entry that is not stored are not the same to this step.

        A sparse matrix is then refused where the definition takes dense rows.
        """
        if self.is_given_entries(x):
            self.inputs.zeros_apart = self.inputs.zeros_apart or self.path

    def reads_entries(self, x: Columns, alike: bool) -> None:
        """Record that values which a sparse row stores in one place are not their sum to this step.

        They are then refused; where ``alike``, only if the definition takes dense rows, or they are not float64.
        """
        if not self.is_given_entries(x):
            return
        if not alike:
            self.inputs.repeats = "refused"
        elif self.inputs.repeats is None:
            self.inputs.repeats = "refused by dense"

    def check_unchanged(self) -> None:
        """Refuse an estimator whose class, or which itself, redefines what its library's class would answer by.

        Raises:
            UnsupportedError: naming the class and what it redefines.
        """
        found = changed(self.estimator, served_as(type(self.estimator)))
        if found is not None:
            raise self.refuse("", *found)

    def refuse(self, option: str, reason: str, remedy: str, *, about_input: bool = False) -> UnsupportedError:
        """Return the error that says what cannot be served: step, option (or ""), why, and what to do instead.

        Args:
            option: of the constructor.
            reason: why; part of a sentence, after a colon.
            remedy: what to do instead.
            about_input: the step is refused for what it is given; a step before may be to blame.
        """
        value = getattr(self.estimator, option, ...) if option else None
        if callable(value) and not about_input:
            remedy += self._aside()
        told = f"{option}={shown(value)}" if option else ""
        return refused(Refusal(self.path, class_name(self.estimator), told, reason, remedy, about_input))

    def refuse_class(self) -> UnsupportedError:
        """Return the error that says that estimators of this class cannot be served, and what to do instead."""
        told = REFUSED.get(served_as(type(self.estimator)))
        reason, remedy = told or unknown_class(self.estimator, IMPORTERS)
        resamples = hasattr(self.estimator, "fit_resample")  # which only fitting does, so that nothing is computed
        return self.refuse("", reason, remedy if resamples else remedy + self._aside())

    def _aside(self) -> str:
        """Return the remedy that all steps of a pipeline but the last have."""
        if not self.cut:
            return ""
        before = self.cut.replace("[", "[:").replace(":]", "]")
        return f"; or compute {before}.transform(X) before, and serve {self.cut} alone"


def import_estimator(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the nodes of a fitted estimator's methods over ``x``.

    Raises:
        UnsupportedError: it, an option or a callable of it cannot be served exactly.
    """
    return step.findings.run(_imported, estimator, x, step)


def _imported(estimator: Any, x: Columns, step: Step) -> Methods:
    kind = served_as(type(estimator))
    importer = IMPORTERS.get(kind)
    if importer is None:
        raise step.refuse_class()
    _check(estimator, x, step)
    return _import(importer, estimator, x, step)


def _check(estimator: Any, x: Columns, step: Step) -> None:
    """Refuse what a subclass redefines; record how its class reads sparse rows, and values next to thresholds."""
    step.check_unchanged()
    kind = served_as(type(estimator))
    if kind in ENTRIES:
        step.reads_entries(x, ENTRIES[kind])
    if is_fitted(estimator):
        note_unclear(kind, estimator, x, step.inputs)
    if may_cross(kind, estimator, x):
        step.may_differ(ROUNDED_THRESHOLDS.reason, ROUNDED_THRESHOLDS.remedy)


def _import(importer: Callable[[Any, Columns, Step], Imported], estimator: Any, x: Columns, step: Step) -> Imported:
    """Return what an importer makes, or the error that names the step."""
    kind = served_as(type(estimator))
    try:
        with reading(step.path, x.inputs):
            return importer(estimator, beside_learned(kind, estimator, x, step.inputs, step.path), step)
    except UnreadableError as error:
        reason, _, remedy = str(error).rpartition("; ")
        raise step.refuse("", reason or remedy, remedy if reason else GIVEN_ELSE, about_input=True) from None
    except (AttributeError, ValueError) as error:  # what importers look for is there once it is fitted
        if is_fitted(estimator) and kind is type(estimator):
            raise
        if is_fitted(estimator):
            reason = f"what a {kind.__name__} reads is not there or not right ({error})"
            raise step.refuse("", reason, f"let its __init__ and fit call those of {kind.__name__}") from error
        raise step.refuse("", "it is not fitted", "fit it first") from error


def served_as(kind: type) -> type:
    """Return the nearest base of a class for which there is an importer, or a reason why there is none; else itself."""
    load_family(kind)
    return base_of(kind, IMPORTERS.keys() | REFUSED.keys() | STAND_INS.keys()) or kind


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
