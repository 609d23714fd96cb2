"""Prediction in this process: an estimator compiled into a predictor with the same methods, without any server."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

import numpy as np

from pretzel import engine
from pretzel.control_plane.explain import Evidence, explain
from pretzel.importers import export
from pretzel.importers.files import opened
from pretzel.local.methods import method_of
from pretzel.local.models import Export, Models, labels_of, table_of
from pretzel.plan import bundle, ops
from pretzel.plan.definition import Definition
from pretzel.plan.parts import methods_of, outputs_of


def compile(estimator: Any, *, outputs: Sequence[str] | None = None) -> Predictor:
    """Compile a fitted estimator into a predictor that answers as the estimator does, in a fraction of the time.

    A path stands for the model in a file of its library's own format.

    ``outputs`` names the methods wanted.  Without it there are all that the estimator has, and ``contributions`` and
    ``leaf_index`` where it is of a kind that has them; those that take much memory are compiled at the first call.

    Raises:
        UnsupportedError: a step or an option cannot be served exactly; the message names it and says what to do.
        InputError: a file is torn, or not what it seems to be.
    """
    estimator = opened(estimator)
    return Predictor(export(estimator, outputs=outputs), partial(_reexport, estimator, outputs))


def _reexport(
    estimator: Any, outputs: Sequence[str] | None, sample: Any, asked: Sequence[str] | None = None
) -> Definition:
    """Export once more, for other types of input or for the outputs ``asked``."""
    return export(estimator, sample=sample, outputs=outputs if asked is None else asked)


def load(path: str | os.PathLike[str]) -> Predictor:
    """Read a predictor that :meth:`Predictor.save` or ``pretzel export`` wrote; it holds no code.

    Raises:
        CorruptObjectError: the file is something else, torn or damaged.
    """
    return Predictor(bundle.load(path))


def _only(reexport: Export, name: str, sample: Any) -> Definition:
    return reexport(sample, [name])


class Predictor:
    """A compiled estimator with the methods that the estimator has: ``predict``, ``transform``, ``predict_proba``, ...

    Each takes what the estimator's own takes (arrays of any dtype, sparse matrices, lists, DataFrames) and returns what
    it returns.  ``classes_`` and ``feature_names_in_`` are there where the estimator has them.  Safe to call from many
    threads.
    """

    def __init__(self, definition: Definition, reexport: Export | None = None) -> None:
        """Compile ``definition``; ``reexport`` makes one for other types of input, float32 or sparse, or outputs."""
        self._models, self._reexport, self._lock = Models(definition, reexport), reexport, threading.Lock()
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
        """Compile an optional output at its first use; say which methods there are, where there is none of the name."""
        definition = self.__dict__.get("_definition")
        on_request = definition.metadata.get("on_request") or () if definition is not None else ()
        if name in on_request and self._reexport is not None:
            return self._compile(name, self._reexport)
        methods = methods_of(definition.outputs) if definition is not None else ()
        left_out = f"; export it with outputs=[{name!r}, ...]" if name in on_request else ""
        raise AttributeError(f"this predictor has no {name!r}; it has {', '.join(methods)}{left_out}")

    def _compile(self, name: str, reexport: Export) -> Any:
        """Return the method for an output that was not compiled with the others, and keep it."""
        with self._lock:
            if name not in self.__dict__:
                made = Models(reexport(None, [name]), partial(_only, reexport, name))
                setattr(self, name, method_of(name, made))
        return self.__dict__[name]

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
