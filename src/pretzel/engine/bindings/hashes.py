"""Kernels that hash categories and combinations of them."""

from __future__ import annotations

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node

HASHES: dict[type[Node], tuple[Binding, ...]] = {
    ops.CategoryHash: (
        Binding("category_hash.text", "categories.hashes:TextHash", takes=lambda node: node.inputs[0].type.is_text),
        Binding("category_hash.number", "categories.hashes:NumberHash"),
    ),
    ops.CombineHashes: (Binding("combine_hashes", "categories.hashes:CombineHashes"),),
}
