"""The labels of classifiers."""

from __future__ import annotations

from pretzel.importers.onnx.registry import Site
from pretzel.importers.onnx.values import Rows
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def class_labels(site: Site, *names: str) -> Parameter | None:
    """Return the labels of a classifier: of its texts where it has any, else of its whole numbers; None where neither.

    ``names``: the attributes that may hold whole numbers, of which it has one.
    """
    texts = site.attribute("classlabels_strings")
    numbers = [site.integers(name) for name in names]
    if texts:
        return Parameter.strings([str(text) for text in texts])
    found = [labels for labels in numbers if labels is not None]
    return Parameter.of(found[0]) if found else None


def label(codes: Node, labels: Parameter) -> Rows:
    """Return the label that each code names, one a row."""
    return Rows(ops.LabelLookup(codes, labels), ())
