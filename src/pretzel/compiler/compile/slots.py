"""Slots hold the values of a plan; a fingerprint identifies each value."""

from __future__ import annotations

from collections.abc import Iterable

from pretzel.engine.bindings import Lowered
from pretzel.plan.node import Node
from pretzel.plan.ops.inputs import Input
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import PlanInput, Stage, input_fingerprint, stage_fingerprint


class Slots:
    """Builds the list of stages; inputs take the first slots, and values with the same fingerprint share a slot."""

    def __init__(self, inputs: Iterable[Input]) -> None:
        """Assign a slot to each input, in order."""
        self.stages: list[Stage] = []
        self.computed: list[Node] = []  # the node that each stage computes
        self.parameters: list[Parameter] = []
        self._names: list[str] = []  # fingerprint of each slot
        self._fingerprints: dict[str, int] = {}
        self._slots: dict[Node, int] = {}
        nodes = list(inputs)
        self.inputs = tuple(PlanInput(node.column, node.type) for node in nodes)
        for node, column in zip(nodes, self.inputs, strict=True):
            self._assign(node, input_fingerprint(column.name, column.type))

    def of(self, node: Node) -> int:
        """Return the slot that holds the value of ``node``."""
        return self._slots[node]

    def get(self, node: Node) -> int | None:
        """Return the slot that holds the value of ``node``; None if no stage computes it."""
        return self._slots.get(node)

    def add(self, node: Node, lowered: Lowered) -> None:
        """Append the stage that computes ``node``, unless an earlier stage has the same fingerprint."""
        stage = self._stage(node, lowered)
        if stage.fingerprint not in self._fingerprints:
            self.stages.append(stage)
            self.computed.append(node)
            self.parameters.extend(lowered.parameters.values())
        self._assign(node, stage.fingerprint)

    def _stage(self, node: Node, lowered: Lowered) -> Stage:
        slots = tuple(self._slots[child] for child in node.inputs)
        digests = {name: parameter.digest for name, parameter in lowered.parameters.items()}
        read = [self._names[slot] for slot in slots]
        fingerprint = stage_fingerprint(lowered.kernel, lowered.attributes, digests, read, node.type)
        return Stage(node.name, lowered.kernel, lowered.attributes, digests, slots, node.type, fingerprint)

    def _assign(self, node: Node, fingerprint: str) -> None:
        if fingerprint not in self._fingerprints:
            self._fingerprints[fingerprint] = len(self._names)
            self._names.append(fingerprint)
        self._slots[node] = self._fingerprints[fingerprint]
