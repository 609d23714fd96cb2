"""Registry of importers: small functions found by the class of an estimator, and the step they import."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pretzel.errors import PretzelError, UnsupportedError
from pretzel.importers.columns import Columns
from pretzel.importers.families import load_family
from pretzel.importers.findings import Findings, Note, Refusal, class_name, refused, shown
from pretzel.importers.fitted import is_fitted, why_unreadable
from pretzel.importers.inputs import Inputs, Open, UnreadableError, reading
from pretzel.importers.offers import Offer
from pretzel.importers.own import REGISTERED, own_importer
from pretzel.importers.polars_float32 import note_unclear
from pretzel.importers.remedies import unknown_class
from pretzel.importers.rounding import note_crossing, note_division
from pretzel.importers.small_integers import with_fitted_type
from pretzel.importers.sparse_refused import note_refused_sparse
from pretzel.importers.storage import keeps_entries
from pretzel.importers.subclasses import base_of, changed
from pretzel.plan.multioutput import is_part
from pretzel.plan.node import Node

Methods = dict[str, Node]
"""The node of each fitted method: ``transform``, ``predict``, ``predict_proba``, ..."""

Importer = Callable[[Any, Columns, "Step"], Methods]
StandIn = TypeVar("StandIn", bound=Callable[[Any], Any])
Imported = TypeVar("Imported")
IMPORTERS: dict[type, Importer] = {}
STAND_INS: dict[type, Callable[[Any], Any]] = {}
"""Functions that convert a model without scikit-learn's attributes to one with an importer, by class."""
INPUTS_OF: dict[type, Callable[[Any, Inputs], Columns]] = {}
"""Functions that return the input columns of models without ``feature_names_in_``/``n_features_in_``, by class."""
ENTRIES: dict[type, bool] = {}
"""Classes that do not sum duplicate entries of sparse rows; True if definitions over sparse rows do the same."""
REFUSED: dict[type, tuple[str, str]] = {}
"""Classes that cannot be served exactly with any options: reason and remedy."""
GIVEN_ELSE = "give it what it was fitted on"
TYPED_TABLE = "it returns a table of dates, nullable values or several types, which the next step cannot be given"


def imports(*classes: type) -> Callable[[Importer], Importer]:
    """Register a function of (estimator, input columns, step) as the importer of these classes.

    A subclass is covered if it redefines nothing that may change its answers (:mod:`pretzel.importers.subclasses`).
    """

    def register(function: Importer) -> Importer:
        for kind in classes:
            if kind in IMPORTERS:
                raise TypeError(f"{kind.__qualname__} has two importers")
            IMPORTERS[kind] = function
        return function

    return register


def given(*classes: type) -> Callable[[Callable[[Any, Inputs], Columns]], Callable[[Any, Inputs], Columns]]:
    """Register a function of (model, inputs) that returns the input columns of the model."""

    def register(function: Callable[[Any, Inputs], Columns]) -> Callable[[Any, Inputs], Columns]:
        INPUTS_OF.update(dict.fromkeys(classes, function))
        return function

    return register


def adapts(kind: type) -> Callable[[StandIn], StandIn]:
    """Register a function that returns the model to import, and to check on samples, in place of one of this class."""

    def register(function: StandIn) -> StandIn:
        STAND_INS[kind] = function
        return function

    return register


def reads_entries(*classes: type, alike: bool) -> None:
    """Register classes that do not sum duplicate entries of a sparse row.

    ``alike``: whether definitions over sparse rows read the entries like the library.
    """
    ENTRIES.update(dict.fromkeys(classes, alike))


def refuses(*classes: type, reason: str, remedy: str) -> None:
    """Register classes whose estimators cannot be served exactly, with reason and remedy."""
    REFUSED.update(dict.fromkeys(classes, (reason, remedy)))


@dataclass(frozen=True, slots=True)
class Step:
    """An estimator at its path in the exported model: ``pipeline.features.text``."""

    path: str
    estimator: Any
    findings: Findings = field(default_factory=Findings, compare=False)
    """Findings that all steps of one import share."""
    width: int | None = field(default=None, compare=False)
    """The number of output columns, if the outer step knows it."""
    cut: str = field(default="", compare=False)
    """The expression for the rest of the pipeline after this step: ``pipeline[1:]``."""
    inputs: Inputs = field(default_factory=Inputs, compare=False)
    """The inputs of the definition."""
    offers: dict[str, Offer] = field(default_factory=dict, compare=False, repr=False)
    """The optional outputs of the exported model, by name; those of inner steps are not kept."""
    forms: dict[str, list[Any]] = field(default_factory=dict, compare=False, repr=False)
    """The dtype and the shape of the exported model's methods, if they differ from the node's (``plan/forms.py``)."""

    left_out: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Methods of the exported model that are not served: reason and remedy."""

    parts: tuple[str, ...] = field(default=(), compare=False)
    """The parts of the path below the exported model."""

    def leaves_out(self, method: str, reason: str, remedy: str) -> None:
        """Record why one method of the estimator is not served although others are."""
        self.left_out[method] = f"{reason}; {remedy}"

    def returns(self, method: str, shape: tuple[int, ...]) -> None:
        """Record that the library's method returns rows of another shape than its node."""
        self.forms[method] = [None, list(shape)]

    def offer(self, output: str, build: Callable[[], Node | Methods], **form: Any) -> None:
        """Offer an output that is not a method of the estimator, such as ``leaf_index``.

        ``build`` is called only if the output is wanted.  It and ``form`` are as in :class:`Offer`.
        """
        self.offers[output] = Offer(build, **form)

    def delegate(self, name: str, estimator: Any, x: Columns) -> Methods:
        """Import ``estimator``, whose methods and optional outputs become those of this step."""
        return import_estimator(
            estimator,
            x,
            replace(self.inner(name, estimator), offers=self.offers, forms=self.forms, left_out=self.left_out),
        )

    def inner(self, name: str, estimator: Any, width: int | None = None, cut: str = "") -> Step:
        """Return the step of ``estimator``, the part ``name`` of this one."""
        path, parts = f"{self.path}.{name}", (*self.parts, name)
        return Step(path, estimator, self.findings, width, self.cut or cut, self.inputs, parts=parts)

    @property
    def is_model(self) -> bool:
        """True if the estimator is the exported model rather than a part of it."""
        return "." not in self.path

    def enter(self, name: str, estimator: Any, x: Columns) -> Methods:
        """Import ``estimator``, the part ``name`` of this one, over ``x``."""
        return import_estimator(estimator, x, self.inner(name, estimator))

    def transform(self, name: str, estimator: Any, x: Columns, width: int | None = None, cut: str = "") -> Node:
        """Import ``estimator`` for its ``transform`` alone."""
        inner = self.inner(name, estimator, width, cut)
        methods = import_estimator(estimator, x, inner)
        if "transform" in methods:
            return methods["transform"]
        return self.findings.refused(inner.without_transform(methods), inner, "transform")

    def without_transform(self, methods: Methods) -> UnsupportedError:
        """Return the error for a step between others without one value that the next step can read."""
        return self.refuse("", TYPED_TABLE if any(map(is_part, methods)) else "it has no transform", "place it last")

    def apply(self, function: Callable[[Any, Columns, Step], Imported], x: Columns) -> Imported:
        """Return the result of ``function`` for the estimator over ``x``, with the checks of an importer."""
        _check(self.estimator, x, self)
        return _import(function, self.estimator, x, self)

    def may_differ(self, reason: str, remedy: str) -> None:
        """Record that answers of this step may differ from the library's; compiling the model then warns.

        Args:
            reason: part of a sentence, after a colon; from :mod:`pretzel.importers.differences`.
            remedy: what to do instead.
        """
        self.findings.note(Note(self.path, class_name(self.estimator), reason, remedy))

    def is_given_entries(self, x: Columns) -> bool:
        """Return whether this step would read the entries of a sparse matrix if the model's input were one."""
        return any(isinstance(part, Open) or keeps_entries(part, self.inputs.sparse_results) for part in x.parts)

    def tells_zeros_apart(self, x: Columns) -> None:
        """Record that this step distinguishes stored zeros from absent entries.

        A sparse matrix is then rejected if the definition reads dense rows.
        """
        if self.is_given_entries(x):
            self.inputs.zeros_apart = self.inputs.zeros_apart or self.path

    def reads_entries(self, x: Columns, alike: bool) -> None:
        """Record that this step does not sum duplicate entries of a sparse row.

        They are then rejected; if ``alike``, only if the definition reads dense rows or the values are not float64.
        """
        if not self.is_given_entries(x):
            return
        if not alike:
            self.inputs.repeats = "refused"
        elif self.inputs.repeats is None:
            self.inputs.repeats = "refused by dense"

    def check_unchanged(self) -> None:
        """Check that neither the class nor the instance redefines anything that may change the answers.

        Raises:
            UnsupportedError: it does; the message names the class and the attribute.
        """
        change = changed(self.estimator, served_as(type(self.estimator)))
        if change is not None:
            raise self.refuse("", *change)

    def refuse(self, option: str, reason: str, remedy: str, *, about_input: bool = False) -> UnsupportedError:
        """Return the error for a step that cannot be served.

        Args:
            option: of the constructor; or "".
            reason: part of a sentence, after a colon.
            remedy: what to do instead.
            about_input: the input of the step is the reason; an earlier step may be the cause.
        """
        value = getattr(self.estimator, option, ...) if option else None
        if callable(value) and not about_input:
            remedy += self._aside()
        setting = f"{option}={shown(value)}" if option else ""
        return refused(Refusal(self.path, class_name(self.estimator), setting, reason, remedy, about_input))

    def refuse_class(self) -> UnsupportedError:
        """Return the error for a class that cannot be served, with reason and remedy."""
        reason, remedy = REFUSED.get(served_as(type(self.estimator))) or unknown_class(self.estimator, IMPORTERS)
        resamples = hasattr(self.estimator, "fit_resample")  # only in fitting, so that there is nothing to compute
        return self.refuse("", reason, remedy if resamples else remedy + self._aside())

    def _aside(self) -> str:
        """Return the additional remedy for all steps of a pipeline but the last."""
        if not self.cut:
            return ""
        before = self.cut.replace("[", "[:").replace(":]", "]")
        return f"; or compute {before}.transform(X) before, and serve {self.cut} alone"


def import_estimator(estimator: Any, x: Columns, step: Step) -> Methods:
    """Return the nodes of a fitted estimator's methods over ``x``.

    Raises:
        UnsupportedError: the estimator, an option or a callable cannot be served exactly.
    """
    return step.findings.run(_imported, estimator, x, step)


def _imported(estimator: Any, x: Columns, step: Step) -> Methods:
    kind = served_as(type(estimator))
    importer = IMPORTERS.get(kind) or (None if kind in REFUSED else own_importer(estimator))
    if importer is None:
        raise step.refuse_class()
    _check(estimator, x, step)
    return _import(importer, estimator, x, step)


def _check(estimator: Any, x: Columns, step: Step) -> None:
    """Reject redefinitions by a subclass; record how its class reads sparse rows, and values next to thresholds."""
    step.check_unchanged()
    kind = served_as(type(estimator))
    if kind in ENTRIES:
        step.reads_entries(x, ENTRIES[kind])
    if is_fitted(estimator):
        note_unclear(kind, estimator, x, step.inputs)
        note_refused_sparse(kind, estimator, x, step)
        note_division(kind, estimator, x, step)
    note_crossing(kind, estimator, x, step)


def _import(importer: Callable[[Any, Columns, Step], Imported], estimator: Any, x: Columns, step: Step) -> Imported:
    """Return the result of an importer, or raise an error that names the step."""
    kind = served_as(type(estimator))
    try:
        with reading(step.path, x.inputs):
            made = importer(estimator, with_fitted_type(kind, estimator, x, step.inputs, step.path), step)
    except UnreadableError as error:
        reason, _, remedy = str(error).rpartition("; ")
        raise step.refuse("", reason or remedy, remedy if reason else GIVEN_ELSE, about_input=True) from None
    except PretzelError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if kind in REGISTERED and is_fitted(estimator):  # a fault of the user's own function
            raise
        reason, remedy, about_input = why_unreadable(estimator, kind, error)
        raise step.refuse("", reason, remedy, about_input=about_input) from error
    step.findings.names.note(step.parts, made, x.parts)
    return made


def served_as(kind: type) -> type:
    """Return the nearest base of a class with an importer, a replacement or a refusal; else the class."""
    load_family(kind)
    return base_of(kind, IMPORTERS.keys() | REFUSED.keys() | STAND_INS.keys()) or kind
