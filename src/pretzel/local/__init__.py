"""Prediction in this process: an estimator compiled into a predictor with the same methods, without any server."""

from __future__ import annotations

import os
from typing import Any, NoReturn

import numpy as np

from pretzel import engine
from pretzel.control_plane.explain import Evidence, explain
from pretzel.importers import definition_of
from pretzel.importers.files import opened
from pretzel.local.methods import method_of
from pretzel.local.models import Export, Models, labels_of, table_of
from pretzel.plan import bundle, ops
from pretzel.plan.caveats import warn_of
from pretzel.plan.definition import Definition
from pretzel.plan.parts import methods_of, outputs_of


def compile(estimator: Any) -> Predictor:
    """Compile a fitted estimator into a predictor that answers as the estimator does, in a fraction of the time.

    A path stands for the model in a file of its library's own format.

    Raises:
        UnsupportedError: a step or an option cannot be served exactly; the message names it and says what to do.
        InputError: a file is torn, or not what it seems to be.

    Warns:
        AnswersMayDifferWarning: answers of a step may differ from the library's; the message says which, and why.
    """
    estimator = opened(estimator)
    definition = definition_of(estimator)
    warn_of(definition.metadata)
    return Predictor(definition, lambda sample: definition_of(estimator, sample=sample))


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

    def __init__(self, definition: Definition, reexport: Export | None = None) -> None:
        """Compile ``definition``; ``reexport`` makes one for other types of input, float32 or sparse."""
        self._models = Models(definition, reexport)
        self._definition = definition
        for method in methods_of(definition.outputs):
            setattr(self, method, method_of(method, self._models))
        names = definition.metadata.get("feature_names")
        if names is not None:
            self.feature_names_in_ = np.array(names, object)
        heads = [definition.outputs[name] for name in outputs_of("predict", definition.outputs)]
        tables = [table_of(labels_of(h.labels), definition.metadata) for h in heads if isinstance(h, ops.LabelLookup)]
        if tables and len(tables) == len(heads):
            self.classes_ = tables if len(heads) > 1 else tables[0]

    def __getattr__(self, name: str) -> Any:
        """Say which methods there are, where another is asked for."""
        methods = methods_of(self.__dict__["_definition"].outputs) if "_definition" in self.__dict__ else ()
        raise AttributeError(f"this predictor has no {name!r}; it has {', '.join(methods)}")

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
        return explain(self._definition, model.plan, format=format, verbose=verbose, evidence=evidence)

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
