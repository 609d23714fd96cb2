"""The methods of a value that build exactly one operator, with the fields of that operator as arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pretzel.plan.node import Node


@dataclass(frozen=True)
class Method:
    """A method of :class:`pretzel.flow.Value`, and the operator that it builds."""

    name: str
    operator: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the operator that the method sets."""

    def fits(self, node: Node) -> bool:
        """Return whether this method can build the node."""
        return node.name == self.operator and all(getattr(node, name) == value for name, value in self.fixed.items())


METHODS = (
    Method("argmax", "arg_max", {"ties": "numpy"}),
    Method("argmin", "arg_min", {"ties": "numpy"}),
    Method("cast", "cast"),
    Method("char_ngrams", "count_ngrams", {"unit": "char"}),
    Method("char_wb_ngrams", "count_ngrams", {"unit": "char_wb"}),
    Method("clip", "clip"),
    Method("codes_one_hot", "one_hot"),
    Method("column", "column"),
    Method("constant", "constant"),
    Method("densify", "densify"),
    Method("distances", "distances"),
    Method("filter_tokens", "filter_tokens"),
    Method("function", "elementwise"),
    Method("hash_features", "hash_features"),
    Method("hashing", "hash_ngrams"),
    Method("impute", "impute"),
    Method("labels", "label_lookup"),
    Method("linear", "linear"),
    Method("lookup", "lookup"),
    Method("lookup_features", "lookup_features"),
    Method("lowercase", "lowercase"),
    Method("missing_indicator", "missing_indicator"),
    Method("normalize", "normalize"),
    Method("power", "power"),
    Method("reduce", "reduce"),
    Method("require_finite", "require_finite"),
    Method("scale", "affine"),
    Method("select", "select"),
    Method("sigmoid", "link", {"function": "sigmoid"}),
    Method("sigmoid_pair", "link", {"function": "sigmoid_pair"}),
    Method("softmax", "link", {"function": "softmax"}),
    Method("log", "link", {"function": "log"}),
    Method("link", "link"),
    Method("sparsify", "sparsify"),
    Method("standardize", "standardize"),
    Method("strip_accents", "strip_accents"),
    Method("take", "take"),
    Method("threshold", "threshold"),
    Method("tokenize", "tokenize"),
    Method("word_ngrams", "count_ngrams", {"unit": "word"}),
)
"""In order: the first that fits is used.  Other operators are written by ``apply``."""
