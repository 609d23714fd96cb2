"""The labels of a classifier as a table indexed by its codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.importers.registry import Methods, Step
from pretzel.plan import ops
from pretzel.plan.multioutput import part_name
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def labelled(codes: Node, classes: Any, step: Step) -> Node:
    """Return ``classes[codes]``: the labels that an estimator predicts.

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


def labelled_targets(codes: Sequence[Node], classes: Sequence[Any], step: Step) -> Methods:
    """Return ``predict`` of several targets: one matrix of numbers, or an output of texts per target."""
    return side_by_side([labelled(one, table, step) for one, table in zip(codes, classes, strict=True)])


def side_by_side(labels: Sequence[Node]) -> Methods:
    """Return ``predict`` of the labels of several targets, as :func:`labelled_targets` does."""
    if any(one.type.is_text for one in labels):
        return by_target("predict", labels)
    return {"predict": ops.Concat(tuple(labels))}


def by_target(method: str, answers: Sequence[Node]) -> Methods:
    """Return a method with a separate output for each of several targets."""
    return {part_name(method, i): answer for i, answer in enumerate(answers)}
