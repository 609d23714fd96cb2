"""Label outputs: the plan returns codes and names the label table, and the lookup is removed from it."""

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
    """One output: the node that computes it, and the table that its codes index."""

    name: str
    node: Node
    labels: Parameter | None = None

    @property
    def table(self) -> Digest | None:
        """The digest of the label table."""
        return None if self.labels is None else self.labels.digest


def peel_labels(definition: Definition) -> list[Head]:
    """Return the outputs, with a :class:`LabelLookup` at their root removed if every code names a label.

    A lookup that another operator reads stays for that reader, and one whose codes may be outside its table stays to
    reject them; but strings exist only as a table, so for them that is an error.

    Raises:
        DefinitionError: codes may be outside a table of strings.
    """
    return [_peel(name, node) for name, node in definition.outputs.items()]


def _peel(name: str, node: Node) -> Head:
    if not isinstance(node, LabelLookup):
        return Head(name, node)
    if codes_below(node.codes) <= len(node.labels):
        return Head(name, node.codes, node.labels)
    if node.labels.dtype == "str":
        raise DefinitionError(
            f"output {name!r}: {node.codes.name} may return codes outside its table of {len(node.labels)} labels"
        )
    return Head(name, node)


def codes_below(node: Node) -> float:
    """Return an exclusive upper bound of a node's codes if none can be negative; infinity without a proof."""
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
