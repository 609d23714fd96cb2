"""Definitions aimed at one rule: the shape of its docstring with other values, between random nodes.

Random definitions match a rare pattern more rarely with each new operator; these match it by construction, with random
surroundings and random changes.
"""

from __future__ import annotations

from pretzel.compiler.optimize.pattern import Rule
from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from tests.compiler.optimize.generate import MAKERS, Draw, random_nodes
from tests.compiler.optimize.texts import example


def aimed(rule: Rule, seed: int) -> Definition:
    """Return a definition in which the rule is likely to fire, the same for a seed on every machine."""
    shape = example(rule).before
    draw = Draw(seed, [(node.column, node.kind) for node in shape.inputs])
    random_nodes(draw, draw.dice.choice([0, 0, 0, 2]))
    replaced: dict[Node, Node] = {}
    for node in shape.nodes:
        replaced[node] = _input(draw, node) if isinstance(node, ops.Input) else _variant(draw, node, replaced)
        draw.nodes.append(replaced[node])
    random_nodes(draw, draw.dice.choice([0, 0, 1, 3]))
    several = [replaced[node] for node in shape.outputs.values()] if len(shape.outputs) > 1 else []
    return draw.definition(several)


def _input(draw: Draw, node: Node) -> Node:
    """Return the input itself, or sometimes a computed node of its type."""
    return draw.maybe(lambda: draw.pick(lambda other: other.type == node.type), node)  # type: ignore[no-any-return]


def _variant(draw: Draw, node: Node, replaced: dict[Node, Node]) -> Node:
    """Return the node over its new inputs, with its own or random values; over the old inputs if these do not fit."""
    inputs = tuple(replaced[child] for child in node.inputs)
    draw.preferred = list(inputs)
    try:
        other = MAKERS[type(node)](draw) if draw.dice.random() < 0.4 else None
        return other or node.with_inputs(inputs)
    except DefinitionError:
        return node  # an input became another type
    finally:
        draw.preferred = []
