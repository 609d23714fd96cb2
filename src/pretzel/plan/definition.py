"""Definitions: graphs of operators with typed inputs and named outputs, built by importers, rewritten by the Oven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pretzel.errors import DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.plan.graph import topological
from pretzel.plan.node import OPERATORS, Node
from pretzel.plan.ops.inputs import Input
from pretzel.plan.parameter import Parameter
from pretzel.plan.steps import KEY, Names, by_place, of_nodes
from pretzel.plan.structure import MAX_NODES, check_structure

Json = Any

__all__ = ["MAX_NODES", "Definition", "from_encoded", "from_tree", "iter_parameters", "parameter_digests", "to_tree"]


@dataclass(frozen=True)
class Definition:
    """A typed DAG of operators with named input columns and named outputs, one output per exported method."""

    outputs: Mapping[str, Node]
    """The node that computes each output, in the order clients see them."""
    inputs: tuple[Input, ...] = ()
    """The columns a request must have, in order; those that no output reads are kept and checked too."""
    metadata: Mapping[str, Json] = field(default_factory=dict)
    """Facts for users and clients that no computation needs: estimator, library, names, input style."""

    steps: Mapping[Node, Names] = field(default_factory=dict, compare=False, repr=False)
    """The steps of the user's model that nodes come from; in no digest."""

    def __post_init__(self) -> None:
        """Collect the inputs that the outputs read, and reject duplicate names."""
        if not self.outputs:
            raise DefinitionError("definition: no output; name at least one")
        read = [node for node in self.nodes if isinstance(node, Input)]
        inputs = tuple(dict.fromkeys([*self.inputs, *read]))
        twice = [name for name, count in Counter(node.column for node in inputs).items() if count > 1]
        if twice:
            raise DefinitionError(f"definition: input {twice[0]!r} is declared twice with different types")
        for name in self.outputs:
            if not isinstance(name, str):
                raise DefinitionError(f"definition: output {name!r:.80}: expected a name, got {type(name).__name__}")
            if any("\ud800" <= char <= "\udfff" for char in name):
                raise DefinitionError(
                    f"definition: output {name!r:.80} holds a lone surrogate, which UTF-8 cannot carry"
                )
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "outputs", dict(self.outputs))

    @cached_property
    def nodes(self) -> list[Node]:
        """All nodes in topological order."""
        return topological(self.outputs.values())

    @cached_property
    def parameters(self) -> dict[Digest, Parameter]:
        """Every distinct parameter under its digest."""
        return {p.digest: p for node in self.nodes for p in node.parameters.values()}

    @cached_property
    def digest(self) -> Digest:
        """The address of this definition: the digest of :attr:`encoded`."""
        return Digest.of(self.encoded)

    @cached_property
    def encoded(self) -> bytes:
        """The canonical bytes, which refer to parameters by digest.

        Raises:
            DefinitionError: the metadata holds a value other than None, a 64-bit number, text, bytes, or a list or map
                of these.
        """
        try:
            return encode(to_tree(self))
        except (TypeError, OverflowError, RecursionError, UnicodeEncodeError) as error:
            raise DefinitionError(f"definition: metadata {dict(self.metadata)!r:.200}: {error}") from None


def to_tree(definition: Definition) -> dict[str, Json]:
    """Return a definition as the plain values that are encoded and stored, without the names of its steps."""
    nodes = _in_order(definition)
    index = {node: i for i, node in enumerate(nodes)}
    return {
        "nodes": [_node_tree(node, index) for node in nodes],
        "inputs": [index[node] for node in definition.inputs],
        "outputs": [[name, index[node]] for name, node in definition.outputs.items()],
        "metadata": dict(definition.metadata),
    }


def named_tree(definition: Definition) -> dict[str, Json]:
    """Return a definition as the values that are sent and exported: with the names of its steps, if it has any."""
    tree = to_tree(definition)
    steps = of_nodes(_in_order(definition), definition.steps)
    return {**tree, KEY: steps} if steps else tree


def _in_order(definition: Definition) -> list[Node]:
    return list(dict.fromkeys([*definition.inputs, *definition.nodes]))


def _node_tree(node: Node, index: Mapping[Node, int]) -> dict[str, Json]:
    return {
        "op": node.name,
        "inputs": [index[child] for child in node.inputs],
        "attributes": node.attributes,
        "parameters": {name: str(parameter.digest) for name, parameter in node.parameters.items()},
    }


def from_tree(tree: Any, parameters: Mapping[Digest, Parameter]) -> Definition:
    """Build the definition that :func:`to_tree` or :func:`named_tree` describes.

    Raises:
        DefinitionError: an unknown operator, a wrong attribute, a dangling or forward reference (so a cycle), a type
            that does not fit, a parameter missing from ``parameters``; the message names the node.
    """
    check_structure(tree)
    nodes: list[Node] = []
    for i, item in enumerate(tree["nodes"]):
        nodes.append(_build(i, item, nodes, parameters))
    inputs = tuple(nodes[i] for i in tree["inputs"])
    if not all(isinstance(node, Input) for node in inputs):
        raise DefinitionError("definition: the input list names a node that is not an input")
    named = {node: names for node, names in zip(nodes, by_place(tree.get(KEY, ()), len(nodes)), strict=True) if names}
    return Definition({name: nodes[i] for name, i in tree["outputs"]}, inputs, dict(tree["metadata"]), named)


def from_encoded(data: bytes | memoryview, parameters: Mapping[Digest, Parameter]) -> Definition:
    """Build a definition from its canonical bytes."""
    return from_tree(decode(data), parameters)


def parameter_digests(tree: Any) -> list[Digest]:
    """Return the distinct digests that a tree refers to, in order, without building anything."""
    try:
        texts = [text for item in tree["nodes"] for text in item["parameters"].values()]
        return [Digest.parse(text) for text in dict.fromkeys(texts)]
    except (KeyError, TypeError, AttributeError) as error:
        raise DefinitionError(f"definition: malformed: {error!r}") from None


def _build(i: int, item: Any, nodes: list[Node], parameters: Mapping[Digest, Parameter]) -> Node:
    operator = OPERATORS[item["op"]]
    values: dict[str, Any] = {name: _frozen(value) for name, value in item["attributes"].items()}
    for name, text in item["parameters"].items():
        digest = Digest.parse(text)
        if digest not in parameters:
            raise DefinitionError(f"node {i} ({operator.name}): parameter {name!r} {digest} was never uploaded")
        values[name] = parameters[digest]
    try:
        return operator.build([nodes[j] for j in item["inputs"]], values)
    except (DefinitionError, TypeError, ValueError, OverflowError) as error:
        raise DefinitionError(f"node {i}: {error}") from None


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, (list, tuple)) else value


def iter_parameters(definitions: Iterable[Definition]) -> dict[Digest, Parameter]:
    """Return the distinct parameters of several definitions."""
    return {digest: p for definition in definitions for digest, p in definition.parameters.items()}
