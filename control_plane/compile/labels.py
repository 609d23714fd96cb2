"""Outputs of labels: the look-up leaves the plan, which answers with codes and names their table."""

from __future__ import annotations

from dataclasses import dataclass

from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.node import Node
from pretzel.plan.ops.heads import LabelLookup
from pretzel.plan.parameter import Parameter


@dataclass(frozen=True, slots=True)
class Head:
    """One output: the node that gives it, and the table its codes point into."""

    name: str
    node: Node
    labels: Parameter | None = None

    @property
    def table(self) -> Digest | None:
        """The digest of the table."""
        return None if self.labels is None else self.labels.digest


def peel_labels(definition: Definition) -> list[Head]:
    """Return the outputs with a :class:`LabelLookup` at their root taken off.

    One that another operator reads stays for that reader.
    """
    return [_peel(name, node) for name, node in definition.outputs.items()]


def _peel(name: str, node: Node) -> Head:
    return Head(name, node.codes, node.labels) if isinstance(node, LabelLookup) else Head(name, node)
