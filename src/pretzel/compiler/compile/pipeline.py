"""The compiler: one column of phases from a definition to a plan and the objects that the plan refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pretzel.compiler.compile.labels import Head, peel_labels
from pretzel.compiler.compile.slots import Slots
from pretzel.compiler.legality import PLAN
from pretzel.engine import KERNEL_SET
from pretzel.engine.bindings import Binding, choose
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.ops.inputs import Input
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import INLINE_LIMIT, Plan, PlanOutput
from pretzel.plan.sizes import Sizes

Blob = bytes | memoryview
Choose = Callable[[Node, Sizes], Binding]
_ASSUMED = Sizes()


@dataclass(frozen=True)
class Compiled:
    """A plan and every object it refers to that does not travel inside it."""

    plan: Plan
    blobs: Mapping[Digest, Blob] = field(default_factory=dict)
    """Original and derived parameters, in the order of use."""
    nodes: tuple[Node, ...] = ()
    """The node that each stage computes."""


def compile_plan(
    definition: Definition,
    sizes: Sizes = _ASSUMED,
    *,
    metadata: Mapping[str, Any] | None = None,
    choose: Choose = choose,
) -> Compiled:
    """Compile a definition, as it stands, into a plan: the same bytes on every machine.

    Args:
        definition: what to compile; :func:`pretzel.compiler.optimize.optimize` it first.
        sizes: what a sample showed of its values; decides among kernels, and how much room rows get.
        metadata: laid over the definition's own in the plan's.
        choose: returns the kernel that computes a node; the cheapest by the cost table, unless a benchmark says other.

    Raises:
        DefinitionError: the definition is illegal, too large, or holds an operator that no kernel computes.
    """
    # 1. Refuse what no plan may hold.
    PLAN.check(definition)
    # 2. An output of labels becomes codes and a dictionary.
    heads = peel_labels(definition)
    # 3. Lower every operator that an output still needs, each to one kernel over slots, inputs first.
    slots = Slots(definition.inputs)
    for node in topological(head.node for head in heads):
        if not isinstance(node, Input):
            slots.add(node, choose(node, sizes).lower(node))
    # 4. Small parameters travel inside the plan, the others beside it.
    inline, blobs = _split([*slots.parameters, *_label_tables(heads)])
    # 5. Name the outputs and say what clients want to know.
    plan = Plan(
        kernel_set=KERNEL_SET,
        inputs=slots.inputs,
        stages=tuple(slots.stages),
        outputs=tuple(PlanOutput(head.name, slots.of(head.node), head.table) for head in heads),
        metadata={**definition.metadata, **(metadata or {})},
        inline=inline,
        room=_room(slots.computed, sizes),
    )
    return Compiled(plan, blobs, tuple(slots.computed))


def _room(nodes: Iterable[Node], sizes: Sizes) -> tuple[int, ...]:
    room = tuple(map(sizes.room, nodes))
    return room if any(room) else ()


def _label_tables(heads: Iterable[Head]) -> list[Parameter]:
    return [head.labels for head in heads if head.labels is not None]


def _split(parameters: Iterable[Parameter]) -> tuple[dict[Digest, bytes], dict[Digest, Blob]]:
    distinct = {parameter.digest: parameter.blob for parameter in parameters}
    inline = {digest: bytes(blob) for digest, blob in distinct.items() if digest.size <= INLINE_LIMIT}
    return inline, {digest: blob for digest, blob in distinct.items() if digest not in inline}
