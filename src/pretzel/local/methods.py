"""The methods of a predictor, with the inputs and results of the estimator's methods."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.inputs import columns_of
from pretzel.adapters.kinds import reject_float_type
from pretzel.adapters.result_tables import join
from pretzel.errors import InputError
from pretzel.local.models import Models
from pretzel.plan.caveats import why_not
from pretzel.plan.multioutput import SQUARE, outputs_of

_FLOAT64 = np.dtype("f8")
"""Compared by value: the type of an array from a pickle is an object of its own."""


class Method:
    """One method of a predictor; everything independent of X is prepared in advance."""

    __slots__ = ("_finish", "_models", "_name", "_outputs", "_plain", "_run", "_width")

    def __init__(self, name: str, models: Models) -> None:
        model = models.main
        self._name, self._outputs, self._models = name, (name,), models
        self._run, self._finish = model.executable.run_bound, model.finish[name]
        only = model.inputs[0].type if len(model.described) == 1 else None
        plain = only is not None and only.layout == "dense" and only.dtype == "f64" and only.width is not None
        plain &= name not in (model.metadata.get("of_type") or ()) and not model.metadata.get("fractions")
        self._plain = plain
        self._width = only.columns if only is not None else 0

    def __call__(self, X: Any) -> Any:
        """Return the result of the estimator's method for X.

        Raises:
            InputError: X does not match the estimator's input.
        """
        if self._plain and type(X) is np.ndarray and X.dtype == _FLOAT64 and X.ndim == 2:
            rows, width = X.shape
            flags = X.flags
            if rows and width == self._width and flags.c_contiguous and flags.aligned:
                return self._finish(self._run([X], rows, self._outputs)[self._name])
        model, bound, rows = self._models.bind(X)
        reject_float_type(X, model.metadata, self._name)
        if self._name not in model.finish:
            raise InputError(f"X: of a kind for which fewer methods are served{why_not(self._name, model.metadata)}")
        value = model.executable.run_bound(bound, rows, self._outputs)[self._name]
        return model.finish[self._name](value)


class Parts:
    """A method for several targets: one output of the model per target, joined."""

    def __init__(self, name: str, outputs: Sequence[str], models: Models) -> None:
        self._name, self._outputs, self._models = name, tuple(outputs), models

    def __call__(self, X: Any) -> Any:
        """Return the result of the estimator's method for X.

        Raises:
            InputError: X does not match the estimator's input.
        """
        model, bound, rows = self._models.bind(X)
        values = model.executable.run_bound(bound, rows, self._outputs)
        answers = [model.finish[name](values[name]) for name in self._outputs]
        return join(self._name, answers, self._outputs, model.metadata)


class SeparateInputs:
    """A method that reads other inputs than the rest, as ``inverse_transform`` reads codes."""

    def __init__(self, name: str, models: Models) -> None:
        self._name, self._model = name, models.main

    def __call__(self, X: Any) -> Any:
        """Return the result of the estimator's method for X.

        Raises:
            InputError: X does not match the method's input.
        """
        model = self._model
        bound, rows = model.bound(columns_of(X, model.described, model.metadata, self._name))
        value = model.executable.run_bound(bound, rows, (self._name,))[self._name]
        return model.finish[self._name](value)


class Deferred:
    """A rarely used method, compiled at its first call."""

    def __init__(self, make: Callable[[], Callable[[Any], Any]]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: Callable[[Any], Any] | None = None

    def __call__(self, X: Any) -> Any:
        """Return the result of the method for X.

        Raises:
            InputError: X does not match the estimator's input.
            UnsupportedError: the output cannot be served exactly.
        """
        method = self._made
        if method is None:
            with self._lock:
                method = self._made = self._made or self._make()
        return method(X)


def method_of(name: str, models: Models) -> Callable[[Any], Any]:
    """Return the method of this name, with one output or several."""
    if name in (models.main.metadata.get("apart") or ()):
        return SeparateInputs(name, models)
    outputs = outputs_of(name, models.main.finish)
    return Method(name, models) if outputs == [name] and name != SQUARE else Parts(name, outputs, models)
