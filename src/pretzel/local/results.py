"""Conversion of a program's outputs to the results of an estimator's methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pretzel.adapters.results import result_of
from pretzel.engine.outputs import Output
from pretzel.plan.forms import as_returned, has_form
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Labels


def finisher(name: str, output: Output, metadata: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Return the function that converts an output to the method's result."""
    finish = _plain_finisher(output, metadata)
    if has_form(name, metadata):
        return lambda value: as_returned(name, finish(value), metadata)
    return finish


def _plain_finisher(output: Output, metadata: Mapping[str, Any]) -> Callable[[Any], Any]:
    if output.labels is not None:
        table = table_of(output.labels, metadata)
        return lambda labels: _look_up(labels, table)
    if output.type.layout == "dense" and not output.type.is_text:
        return lambda array: array
    return result_of


def _look_up(labels: Labels, table: np.ndarray) -> np.ndarray:
    values: np.ndarray = table[labels.codes]
    return values


def table_of(labels: np.ndarray, metadata: Mapping[str, Any]) -> np.ndarray:
    """Return the labels in the dtype of the estimator's classes."""
    return labels.astype(object) if metadata.get("classes_dtype") == "object" else labels


def labels_of(parameter: Parameter) -> np.ndarray:
    """Return the labels in a parameter."""
    return np.array(parameter.texts) if parameter.dtype == "str" else parameter.array
