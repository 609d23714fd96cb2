"""The labels of classifiers."""

from __future__ import annotations

from pretzel.importers.onnx.registry import Site
from pretzel.importers.onnx.values import Rows
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def class_labels(site: Site, *names: str) -> Parameter | None:
    """Return the labels of a classifier, its texts or else its integers; None if it has neither.

    ``names``: the attributes that may hold integer labels.
    """
    texts = site.attribute("classlabels_strings")
    numbers = [site.integers(name) for name in names]
    if texts:
        return Parameter.strings([str(text) for text in texts])
    present = [labels for labels in numbers if labels is not None]
    return Parameter.of(present[0]) if present else None


def label(codes: Node, labels: Parameter) -> Rows:
    """Return the label of each code, one per row."""
    return Rows(ops.LabelLookup(codes, labels), ())
