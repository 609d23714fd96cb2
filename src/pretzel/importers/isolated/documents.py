"""Functions of one text as Python stages: tokenizers, preprocessors and analyzers of vectorizers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from pretzel.importers.findings import DocumentFunction
from pretzel.importers.isolated.capture import available
from pretzel.importers.isolated.proof import DependentError

MOST = 1000
"""Texts that a function is recorded for."""


def recorded(model: Any, about: DocumentFunction, sample: Any) -> dict[str, Any]:
    """Return what a function returned for each text while its model answered a sample."""
    calls: dict[str, Any] = {}
    estimator, option = about.step.estimator, about.option
    try:
        setattr(estimator, option, _recorder(about, calls))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in available(model):
                with suppress(Exception):  # a method may reject the sample, or need other data
                    getattr(model, name)(sample)
    finally:
        setattr(estimator, option, about.function)
    return calls


def _recorder(about: DocumentFunction, calls: dict[str, Any]) -> Callable[[str], Any]:
    def record(text: str) -> Any:
        result = about.function(text)
        if not about.lists:
            kept = result
        elif hasattr(result, "__len__"):
            kept = list(result)
        else:
            kept = result = list(result)  # an iterator can be read once
        if len(calls) < MOST and isinstance(text, str):
            calls.setdefault(text, list(kept) if about.lists else kept)
        return result

    return record


def prove_texts(about: DocumentFunction, calls: dict[str, Any]) -> None:
    """Call a function again for each text, in two orders, and compare.

    Raises:
        DependentError: it returns something else; the message shows the text.
    """
    texts = list(calls)
    for order in (np.random.default_rng(0).permutation(len(texts)), range(len(texts))):
        for text in (texts[i] for i in order):
            try:
                result = about.function(text)
            except Exception as error:  # whatever foreign code raises
                raise DependentError(f"it fails in another order ({type(error).__name__}: {error})") from error
            if (list(result) if about.lists else result) != calls[text]:
                raise DependentError(f"for {text!r:.60} it returns something else in another order")
