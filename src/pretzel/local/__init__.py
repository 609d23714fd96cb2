"""Prediction in this process: an estimator compiled into a predictor with the same methods, without any server."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import numpy as np

from pretzel import engine
from pretzel.compiler.explain import Evidence, explain
from pretzel.importers import definition_of
from pretzel.importers.files import opened
from pretzel.importers.samples import kinds_of
from pretzel.local.methods import Deferred, method_of
from pretzel.local.models import Models, labels_of, table_of
from pretzel.plan import bundle, ops
from pretzel.plan.caveats import warn_of, why_not
from pretzel.plan.definition import Definition
from pretzel.plan.multioutput import methods_of, outputs_of, usual_outputs

Reexport = Callable[[Any, Sequence[str] | None], Definition]
"""A function of a sample and the outputs wanted: those of the first export where there is None."""


def compile(estimator: Any, *, sample: Any = None, outputs: Sequence[str] | None = None) -> Predictor:
    """Compile a fitted estimator into a predictor that answers as the estimator does, in a fraction of the time.

    A path stands for the model in a file of its library's own format.

    ``sample`` is a table of the kind that it will be given; it tells what an estimator does not record, as which
    columns hold categories.  Numbers are computed with in the types in which they come, whatever it holds.

    ``outputs`` names the methods wanted.  Without it there are all that the estimator has, and ``contributions`` and
    ``leaf_index`` where it is of a kind that has them; these are compiled at their first call.

    Raises:
        UnsupportedError: a step or an option cannot be served exactly; the message names it and says what to do.
        InputError: a file is torn, or not what it seems to be.

    Warns:
        AnswersMayDifferWarning: answers of a step may differ from the library's; the message says which, and why.
            What is so for input of another type alone, as float32, is told when such input first comes.
    """
    estimator = opened(estimator)

    known = kinds_of(sample)
    told: set[str] = set()

    def reexport(given: Any, names: Sequence[str] | None) -> Definition:
        kinds = known if given is None else replace(given, categorical=known.categorical) if known else given
        definition = definition_of(estimator, sample=kinds, outputs=outputs if names is None else names)
        warn_of(definition.metadata, told)
        return definition

    return Predictor(reexport(None, None), reexport)


def load(path: str | os.PathLike[str]) -> Predictor:
    """Read a predictor that :meth:`Predictor.save` or ``pretzel export`` wrote; it holds no code.

    Raises:
        CorruptObjectError: the file is something else, torn or damaged.
    """
    return Predictor(bundle.load(path))


class Predictor:
    """A compiled estimator with the methods that the estimator has: ``predict``, ``transform``, ``predict_proba``, ...

    Each takes what the estimator's own takes (arrays of any dtype, sparse matrices, lists, DataFrames) and returns what
    it returns.  ``classes_`` and ``feature_names_in_`` are there where the estimator has them.  Safe to call from many
    threads.
    """

    def __init__(self, definition: Definition, reexport: Reexport | None = None) -> None:
        """Compile ``definition``; ``reexport`` makes one for a sample of other types, float32 or sparse, and outputs.

        What is not usually asked for is compiled at its first call, by itself.
        """
        self._definition, self._reexport = definition, reexport
        self._models = Models(_usual(definition), None if reexport is None else lambda x: _usual(reexport(x, None)))
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
        """Say which methods there are, where another is asked for."""
        definition = self.__dict__.get("_definition")
        methods = methods_of(definition.outputs) if definition is not None else ()
        left_out = definition is not None and name in (definition.metadata.get("on_request") or ())
        remedy = f"; name it when you export: outputs=[{name!r}]" if left_out else ""
        told = why_not(name, definition.metadata) if definition is not None else ""
        raise AttributeError(f"this predictor has no {name!r}; it has {', '.join(methods)}{remedy}{told}")

    def _deferred(self) -> list[str]:
        """Return the methods that are compiled at their first call: those of optional outputs."""
        kept = [name for name in self._definition.outputs if name not in self._models.main.finish]
        asked = self._definition.metadata.get("on_request") or () if self._reexport is not None else ()
        return methods_of([*kept, *asked])

    def _make(self, method: str) -> Callable[[Any], Any]:
        """Compile what computes one method."""
        reexport = self._reexport
        if reexport is None:
            return method_of(
                method, Models(_only(self._definition, outputs_of(method, self._definition.outputs)), None)
            )
        return method_of(method, Models(reexport(None, [method]), lambda sample: reexport(sample, [method])))

    def explain(self, X: Any = None, *, format: str = "text", verbose: bool = False) -> str:
        """Say what is computed and where the time goes: the definition, the rules that rewrote it, the stages.

        Args:
            X: rows to time each kernel on; without any, the time is estimated from what the kernels touch.
            format: ``text``, ``json``, ``dot``, ``mermaid`` or ``svg``.
            verbose: also the definition before and after each rule.

        Raises:
            InputError: X is not what the estimator takes, or there is no such format.
        """
        model = self._models.main
        measured = None if X is None else engine.measure(model.executable, model.plan, *model.bind(X))
        evidence = Evidence(measured=measured)
        return explain(model.definition, model.plan, format=format, verbose=verbose, evidence=evidence)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the definition and its parameters to one file; :func:`load` and ``pretzel deploy`` read it.

        A predictor that was loaded takes float32 and sparse input too, but computes in the types that were saved.
        """
        bundle.save(path, self._definition)

    def __deepcopy__(self, memo: dict[int, Any]) -> Predictor:
        """Return this one, which nothing changes."""
        return self

    def __reduce__(self) -> NoReturn:
        """Say how one is written to a file instead: what maps memory and runs kernels is no pickle."""
        raise TypeError("a Predictor is not pickled; write it with save(path), and read it with pretzel.load(path)")

    def __repr__(self) -> str:
        """Return the estimator and the methods."""
        estimator = self._definition.metadata.get("estimator", "definition")
        return f"<Predictor of {estimator}: {', '.join(methods_of(self._definition.outputs))}>"


def _usual(definition: Definition) -> Definition:
    return _only(definition, usual_outputs(definition.outputs))


def _only(definition: Definition, outputs: Sequence[str]) -> Definition:
    return Definition({name: definition.outputs[name] for name in outputs}, definition.inputs, definition.metadata)
