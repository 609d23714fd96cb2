"""Kernels of the hashes family."""

from __future__ import annotations

from pretzel.engine.bindings.binding import Binding
from pretzel.plan import ops
from pretzel.plan.node import Node


def _of_texts(node: Node) -> bool:
    return node.inputs[0].type.is_text


BINDINGS: dict[type[Node], tuple[Binding, ...]] = {
    ops.CategoryHash: (
        Binding("category_hash.text", "categories.hashes:TextHash", takes=_of_texts),
        Binding("category_hash.number", "categories.hashes:NumberHash", takes=lambda node: not _of_texts(node)),
    ),
    ops.CombineHashes: (Binding("combine_hashes", "categories.hashes:CombineHashes"),),
}
