"""The methods of a predictor: what an estimator's own takes in, what it gives back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.inputs import columns_of
from pretzel.local.models import Models
from pretzel.plan.multioutput import SQUARE, join, outputs_of


class Method:
    """One method of a predictor; all that does not depend on X is prepared here."""

    __slots__ = ("_dtype", "_finish", "_models", "_name", "_outputs", "_run", "_width")

    def __init__(self, name: str, models: Models) -> None:
        model = models.main
        self._name, self._outputs, self._models = name, (name,), models
        self._run, self._finish = model.executable.run_bound, model.finish[name]
        only = model.inputs[0].type if len(model.described) == 1 else None
        plain = only is not None and only.layout == "dense" and only.dtype == "f64" and only.width is not None
        self._dtype = np.dtype("f8") if plain else None
        self._width = only.columns if only is not None else 0

    def __call__(self, X: Any) -> Any:
        """Return what the estimator's method of this name returns for X.

        Raises:
            InputError: X is not what the estimator takes.
        """
        if type(X) is np.ndarray and X.dtype is self._dtype and X.ndim == 2:
            rows, width = X.shape
            flags = X.flags
            if rows and width == self._width and flags.c_contiguous and flags.aligned:
                return self._finish(self._run([X], rows, self._outputs)[self._name])
        model, bound, rows = self._models.bind(X)
        value = model.executable.run_bound(bound, rows, self._outputs)[self._name]
        return model.finish[self._name](value)


class Parts:
    """A method that answers for several targets: as many outputs of the model, put together."""

    def __init__(self, name: str, outputs: Sequence[str], models: Models) -> None:
        self._name, self._outputs, self._models = name, tuple(outputs), models

    def __call__(self, X: Any) -> Any:
        """Return what the estimator's method of this name returns for X.

        Raises:
            InputError: X is not what the estimator takes.
        """
        model, bound, rows = self._models.bind(X)
        values = model.executable.run_bound(bound, rows, self._outputs)
        return join(self._name, [model.finish[name](values[name]) for name in self._outputs], self._outputs)


class Apart:
    """A method that reads inputs of its own, as ``inverse_transform`` reads codes."""

    def __init__(self, name: str, models: Models) -> None:
        self._name, self._model = name, models.main

    def __call__(self, X: Any) -> Any:
        """Return what the estimator's method of this name returns for X.

        Raises:
            InputError: X is not what the method takes.
        """
        model = self._model
        bound, rows = model.bound(columns_of(X, model.described, model.metadata, self._name))
        value = model.executable.run_bound(bound, rows, (self._name,))[self._name]
        return model.finish[self._name](value)


class Deferred:
    """A method that is compiled at its first call, since few ask for it."""

    def __init__(self, make: Callable[[], Callable[[Any], Any]]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: Callable[[Any], Any] | None = None

    def __call__(self, X: Any) -> Any:
        """Return what the method returns for X.

        Raises:
            InputError: X is not what the estimator takes.
            UnsupportedError: the output cannot be served exactly.
        """
        made = self._made
        if made is None:
            with self._lock:
                made = self._made = self._made or self._make()
        return made(X)


def method_of(name: str, models: Models) -> Callable[[Any], Any]:
    """Return the method of this name, of one output or of several."""
    if name in (models.main.metadata.get("apart") or ()):
        return Apart(name, models)
    outputs = outputs_of(name, models.main.finish)
    return Method(name, models) if outputs == [name] and name != SQUARE else Parts(name, outputs, models)
