"""Kernels of the categories family, and their hash tables."""

from __future__ import annotations

from typing import cast

import numpy as np

from pretzel.engine.bindings.binding import Binding
from pretzel.kernels.categories.lookup import number_table, text_table
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


def _with_text_table(node: Node) -> dict[str, Parameter]:
    keys = cast(ops.Lookup, node).keys
    return {"keys": keys, "table": Parameter.of(text_table(keys.offsets, keys.utf8))}


def _with_number_table(node: Node) -> dict[str, Parameter]:
    """Return the keys converted to f64 or i64, and their hash table."""
    keys = cast(ops.Lookup, node).keys.array
    wide = keys.astype(np.float64) + 0.0 if keys.dtype.kind == "f" else keys.astype(np.int64)
    return {"keys": Parameter.of(wide), "table": Parameter.of(number_table(wide))}


def _reads_texts(node: Node) -> bool:
    return node.inputs[0].type.is_text


def _reads_numbers(node: Node) -> bool:
    return not _reads_texts(node)


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.Lookup: (
        Binding("lookup.text", "categories.lookup:TextLookup", takes=_reads_texts, derive=_with_text_table),
        Binding("lookup.number", "categories.lookup:NumberLookup", takes=_reads_numbers, derive=_with_number_table),
    ),
    ops.ImputeObjects: (Binding("impute_objects", "categories.objects:ImputeObjects", drop=("of_objects",)),),
    ops.OneHot: (Binding("one_hot", "categories.columns:OneHot"),),
    ops.Take: (Binding("take", "categories.columns:Take"),),
}
