"""Prediction in this process: an estimator compiled into a predictor with the same methods, without a server."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import numpy as np

from pretzel import engine
from pretzel.adapters.tables import is_sparse
from pretzel.compiler.explain import Evidence, explain
from pretzel.compiler.without import Without
from pretzel.errors import UnsupportedError
from pretzel.importers import definition_of
from pretzel.importers.files import opened
from pretzel.importers.samples import kinds_of
from pretzel.local.methods import Deferred, method_of
from pretzel.local.models import Models
from pretzel.local.results import labels_of, table_of
from pretzel.local.threads import helpers_of
from pretzel.plan import bundle, ops
from pretzel.plan.caveats import warn_of, why_not
from pretzel.plan.definition import Definition
from pretzel.plan.multioutput import methods_of, outputs_of, usual_outputs, with_methods

Reexport = Callable[[Any, Sequence[str] | None], Definition]
"""A function of a sample and the outputs to export; None: those of the first export."""


def compile(
    estimator: Any,
    *,
    sample: Any = None,
    outputs: Sequence[str] | None = None,
    threads: int | None = None,
    without: Collection[str] = (),
) -> Predictor:
    """Compile a fitted estimator into a predictor with the same answers, in a fraction of the time.

    ``estimator`` may also be the path of a model file in its library's own format, or a definition, which has its
    types and outputs already: with it, ``sample`` is not read, and ``outputs`` chooses among its outputs.

    ``sample`` is a table like the later inputs.  It determines what the estimator does not record, such as the columns
    of categories.  Numbers are computed in the types of each input, whatever the types of the sample.

    ``outputs`` names the methods to compile.  By default these are all methods of the estimator, and ``contributions``
    and ``leaf_index`` if its kind has them; these two are compiled at their first call.

    ``threads``: the number that one call over many rows may use, with the same results; all predictors of a process
    share them.  By default the environment variable ``PRETZEL_THREADS``, or 1.  Calls that take under 0.2 ms use one.

    ``without`` names rules of the optimizer and mechanisms of the engine to do without, to measure what they bring:
    answers stay the same (:data:`pretzel.compiler.without.SWITCHES`).

    Raises:
        UnsupportedError: a step or an option cannot be served exactly; the message names it and a remedy.
        InputError: a file is incomplete, or not in the format that its name indicates; or ``threads`` is not 1 to 64,
            or a name of ``without`` is not known, or a definition lacks one of ``outputs``.

    Warns:
        AnswersMayDifferWarning: answers of a step may differ from the library's; the message gives step and cause.
            A difference only for another input type, such as float32, is reported at the first such input.
    """
    if isinstance(estimator, Definition):
        chosen = estimator if outputs is None else with_methods(estimator, outputs)
        return Predictor(chosen, threads=threads, without=without)
    return _of_estimator(opened(estimator), sample, outputs, threads, without)


def _of_estimator(
    estimator: Any, sample: Any, outputs: Sequence[str] | None, threads: int | None, without: Collection[str]
) -> Predictor:
    """Export an estimator, and compile it; it is exported again for other types of inputs."""
    kinds = kinds_of(sample)
    warned: set[str] = set()

    def reexport(observed: Any, names: Sequence[str] | None) -> Definition:
        merged = kinds if observed is None else observed
        if kinds is not None and merged is not kinds:
            merged = replace(observed, categorical=kinds.categorical, text_types=kinds.text_types)
        definition = definition_of(estimator, sample=merged, outputs=outputs if names is None else names)
        warn_of(definition.metadata, warned)
        return definition

    try:
        first = reexport(None, None)
    except UnsupportedError:
        if not is_sparse(sample):
            raise
        kinds = kinds_of(sample, sparse=True)  # a step reads only sparse rows
        first = reexport(None, None)
    return Predictor(first, reexport, threads, without)


def load(path: str | os.PathLike[str], *, threads: int | None = None, without: Collection[str] = ()) -> Predictor:
    """Load a predictor written by :meth:`Predictor.save` or ``pretzel export``; the file contains no code.

    ``threads`` and ``without`` as for :func:`compile`.

    Raises:
        InputError: ``threads`` or ``without`` is invalid.
        CorruptObjectError: the file has another format, is incomplete or damaged.
    """
    return Predictor(bundle.load(path), threads=threads, without=without)


class Predictor:
    """A compiled estimator with the estimator's methods: ``predict``, ``transform``, ``predict_proba``, ...

    Each takes the inputs of the estimator's method (arrays of any dtype, sparse matrices, lists, DataFrames) and
    returns its results.  ``classes_`` and ``feature_names_in_`` exist if the estimator has them.  Thread-safe.
    """

    def __init__(
        self,
        definition: Definition,
        reexport: Reexport | None = None,
        threads: int | None = None,
        without: Collection[str] = (),
    ) -> None:
        """Compile ``definition``; ``reexport`` exports again for other input types, float32 or sparse, or outputs.

        Optional outputs are compiled separately, at their first call.
        """
        self._definition, self._reexport, self._helpers = definition, reexport, helpers_of(threads)
        self._without = Without.of(without)
        usual = None if reexport is None else lambda x: _usual(reexport(x, None))
        self._models = Models(_usual(definition), usual, self._helpers, self._without)
        for method in methods_of(self._models.main.finish):
            setattr(self, method, method_of(method, self._models))
        for method in self._deferred():
            setattr(self, method, Deferred(partial(self._make, method)))
        names = definition.metadata.get("feature_names")
        if names is not None:
            self.feature_names_in_ = np.array(names, object)
        heads = [definition.outputs[name] for name in outputs_of("predict", definition.outputs)]
        tables = [table_of(labels_of(h.labels), definition.metadata) for h in heads if isinstance(h, ops.LabelLookup)]
        if tables and len(tables) == len(heads):
            self.classes_ = tables if len(heads) > 1 else tables[0]

    def __getattr__(self, name: str) -> Any:
        """Raise an AttributeError that lists the methods of this predictor."""
        definition = self.__dict__.get("_definition")
        methods = methods_of(definition.outputs) if definition is not None else ()
        left_out = definition is not None and name in (definition.metadata.get("on_request") or ())
        remedy = f"; name it when you export: outputs=[{name!r}]" if left_out else ""
        reason = why_not(name, definition.metadata) if definition is not None else ""
        raise AttributeError(f"this predictor has no {name!r}; it has {', '.join(methods)}{remedy}{reason}")

    def _deferred(self) -> list[str]:
        """Return the methods that are compiled at their first call: those of optional outputs."""
        optional = [name for name in self._definition.outputs if name not in self._models.main.finish]
        on_request = self._definition.metadata.get("on_request") or () if self._reexport is not None else ()
        return methods_of([*optional, *on_request])

    def _make(self, method: str) -> Callable[[Any], Any]:
        """Compile one optional method."""
        reexport = self._reexport
        if reexport is None:
            only = _only(self._definition, outputs_of(method, self._definition.outputs))
            return method_of(method, Models(only, None, self._helpers, self._without))
        again = partial(_again, reexport, method)
        return method_of(method, Models(again(None), again, self._helpers, self._without))

    def explain(self, X: Any = None, *, format: str = "text", verbose: bool = False) -> str:
        """Explain the plan and its cost: the definition, the rules that rewrote it, the stages.

        Args:
            X: rows for timing each kernel; None: the time is estimated from the memory that the kernels access.
            format: ``text``, ``json``, ``dot``, ``mermaid`` or ``svg``.
            verbose: also show the definition before and after each rule.

        Raises:
            InputError: X does not match the estimator's input, or the format is unknown.
        """
        model = self._models.main
        measured = None if X is None else engine.measure(model.executable, model.plan, *model.bind(X))
        evidence = Evidence(measured=measured)
        off = self._without.rules
        return explain(model.definition, model.plan, format=format, verbose=verbose, evidence=evidence, without=off)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the definition and its parameters to one file; :func:`load` and ``pretzel deploy`` read it.

        A loaded predictor also takes float32 and sparse input, but computes in the saved types.
        """
        bundle.save(path, self._definition)

    def __deepcopy__(self, memo: dict[int, Any]) -> Predictor:
        """Return this predictor, because it is immutable."""
        return self

    def __reduce__(self) -> NoReturn:
        """Raise a TypeError that names :meth:`save`: memory maps and kernels cannot be pickled."""
        raise TypeError("a Predictor cannot be pickled; write it with save(path), and load it with pretzel.load(path)")

    def __repr__(self) -> str:
        """Return a text with the estimator and the methods."""
        estimator = self._definition.metadata.get("estimator", "definition")
        return f"<Predictor of {estimator}: {', '.join(methods_of(self._definition.outputs))}>"


def _usual(definition: Definition) -> Definition:
    return _only(definition, usual_outputs(definition.outputs))


def _again(reexport: Reexport, method: str, sample: Any) -> Definition:
    return reexport(sample, [method])


def _only(definition: Definition, outputs: Sequence[str]) -> Definition:
    return replace(definition, outputs={name: definition.outputs[name] for name in outputs})
