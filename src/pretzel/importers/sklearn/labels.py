"""The labels of a classifier, as the table that its codes refer to."""

from __future__ import annotations

from typing import Any

import numpy as np

from pretzel.importers.registry import Step
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def labelled(codes: Node, classes: Any, step: Step) -> Node:
    """Return ``classes[codes]``: the labels that an estimator answers with.

    Raises:
        UnsupportedError: the classes are neither all strings nor all numbers.
    """
    return ops.LabelLookup(codes, label_table(classes, step))


def label_table(classes: Any, step: Step) -> Parameter:
    """Return the table of an estimator's ``classes_``."""
    array = np.asarray(classes)
    if array.dtype.kind == "O" and all(isinstance(label, str) for label in array):
        return Parameter.strings([str(label) for label in array])
    if array.dtype.kind not in "biufU":
        raise step.refuse("", f"its labels are of type {array.dtype}", "fit it on strings or on numbers")
    return Parameter.of(array)
