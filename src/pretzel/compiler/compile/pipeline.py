"""The compiler: a sequence of phases from a definition to a plan and the objects that the plan refers to."""

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
from pretzel.plan.steps import Names, added

Blob = bytes | memoryview
Choose = Callable[[Node, Sizes], Binding]
_ASSUMED = Sizes()


@dataclass(frozen=True)
class Compiled:
    """A plan, and every object it refers to that is not inlined in it."""

    plan: Plan
    blobs: Mapping[Digest, Blob] = field(default_factory=dict)
    """Original and derived parameters, in order of use."""
    nodes: tuple[Node, ...] = ()
    """The node that each stage computes."""
    steps: tuple[Names, ...] = ()
    """The steps of the user's model that each stage comes from."""


def compile_plan(
    definition: Definition,
    sizes: Sizes = _ASSUMED,
    *,
    metadata: Mapping[str, Any] | None = None,
    choose: Choose = choose,
    kept: bool = True,
) -> Compiled:
    """Compile a definition to a plan without optimizing it; the plan has the same bytes on every machine.

    Args:
        definition: the definition; :func:`pretzel.compiler.optimize.optimize` it first.
        sizes: statistics of the values in a sample; they select the kernels and the room reserved per row.
        metadata: overrides the definition's own metadata in the plan.
        choose: returns the kernel that computes a node; by default the cheapest by the cost table.
        kept: derived parameters are kept for later definitions, and those of earlier ones used.

    Raises:
        DefinitionError: the definition is illegal, too large, or has an operator that no kernel computes.
    """
    # 1. Reject definitions that cannot become a plan.
    PLAN.check(definition)
    # 2. Replace each label output by codes and a dictionary.
    heads = peel_labels(definition)
    # 3. Lower each operator that an output needs to one kernel over slots, inputs first.
    slots = Slots(definition.inputs)
    for node in topological(head.node for head in heads):
        if not isinstance(node, Input):
            slots.add(node, choose(node, sizes).lower(node, kept=kept))
    # 4. Inline small parameters in the plan; the others are separate objects.
    inline, blobs = _split([*slots.parameters, *_label_tables(heads)])
    # 5. Name the outputs and add the metadata for clients.
    plan = Plan(
        kernel_set=KERNEL_SET,
        inputs=slots.inputs,
        stages=tuple(slots.stages),
        outputs=tuple(PlanOutput(head.name, slots.of(head.node), head.table) for head in heads),
        metadata={**definition.metadata, **(metadata or {})},
        inline=inline,
        room=_room(slots.computed, sizes),
    )
    return Compiled(plan, blobs, tuple(slots.computed), _steps(definition, slots))


def _steps(definition: Definition, slots: Slots) -> tuple[Names, ...]:
    """Return the steps of each stage: of all nodes that it computes."""
    steps: list[Names] = [()] * (len(slots.inputs) + len(slots.stages))
    for node in definition.nodes if definition.steps else ():
        slot = slots.get(node)
        if slot is not None:
            steps[slot] = added(steps[slot], definition.steps.get(node, ()))
    return tuple(steps[len(slots.inputs) :])


def _room(nodes: Iterable[Node], sizes: Sizes) -> tuple[int, ...]:
    room = tuple(map(sizes.room, nodes))
    return room if any(room) else ()


def _label_tables(heads: Iterable[Head]) -> list[Parameter]:
    return [head.labels for head in heads if head.labels is not None]


def _split(parameters: Iterable[Parameter]) -> tuple[dict[Digest, bytes], dict[Digest, Blob]]:
    distinct = {parameter.digest: parameter.blob for parameter in parameters}
    inline = {digest: bytes(blob) for digest, blob in distinct.items() if digest.size <= INLINE_LIMIT}
    return inline, {digest: blob for digest, blob in distinct.items() if digest not in inline}
