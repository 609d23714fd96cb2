"""What a definition must be before it is compiled: bounded in size, with outputs that can be sent."""

from __future__ import annotations

from pretzel.errors import DefinitionError
from pretzel.plan.definition import MAX_NODES, Definition
from pretzel.plan.ops.heads import LabelLookup

MAX_OUTPUTS = 1_000
MAX_INPUTS = 100_000


def check(definition: Definition) -> None:
    """Refuse a definition that no plan may hold.

    Raises:
        DefinitionError: naming what there is too much of, or the output that no kernel can give.
    """
    for what, count, limit in (
        ("nodes", len(definition.nodes), MAX_NODES),
        ("outputs", len(definition.outputs), MAX_OUTPUTS),
        ("inputs", len(definition.inputs), MAX_INPUTS),
    ):
        if count > limit:
            raise DefinitionError(f"definition: {count} {what}, at most {limit} are allowed")
    for name, node in definition.outputs.items():
        if node.type.layout == "ragged":
            raise DefinitionError(f"output {name!r}: tokens of any length are no output; count or join them first")
        _check_labels(name, node)


def _check_labels(name: str, node: object) -> None:
    if isinstance(node, LabelLookup) and not len(node.labels):
        raise DefinitionError(f"output {name!r}: its table of labels is empty")
