"""Outputs of labels: the look-up leaves the plan, which answers with codes and names their table."""

from __future__ import annotations

from dataclasses import dataclass

from pretzel.errors import DefinitionError
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.node import Node
from pretzel.plan.ops import ArgMax, ArgMin, Constant, LabelLookup, Lookup, Take, Threshold
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
    """Return the outputs with a :class:`LabelLookup` at their root taken off where every code names a label.

    One that another operator reads stays for that reader, and one whose codes may lie outside its table stays to refuse
    them; but texts exist only as a table, so for them that is an error.

    Raises:
        DefinitionError: codes that may lie outside a table of texts.
    """
    return [_peel(name, node) for name, node in definition.outputs.items()]


def _peel(name: str, node: Node) -> Head:
    if not isinstance(node, LabelLookup):
        return Head(name, node)
    if codes_below(node.codes) <= len(node.labels):
        return Head(name, node.codes, node.labels)
    if node.labels.dtype == "str":
        raise DefinitionError(
            f"output {name!r}: {node.codes.name} may give codes that name none of its {len(node.labels)} labels"
        )
    return Head(name, node)


def codes_below(node: Node) -> float:
    """Return a number that all codes of a node, none of them negative, lie below; infinity where there is no proof."""
    match node:
        case ArgMax() | ArgMin():
            return node.x.type.columns
        case Threshold():
            return 2
        case Constant() if node.row.array.min() >= 0:
            return int(node.row.array.max()) + 1
        case Take() if node.type.dtype == "i64" and node.default >= 0 and node.table.array.min(initial=0) >= 0:
            return max(int(node.table.array.max(initial=0)), int(node.default)) + 1
        case Lookup(refuse_unknown=True):
            return max(len(node.keys), node.nan_code + 1, node.none_code + 1)
    return float("inf")
