"""Definitions aimed at one rule: the shape of its docstring with other values, over and under whatever the dice give.

Random definitions meet a rare pattern more rarely with each operator that is added; these meet it by construction, and
what surrounds it, and what is changed in it, is as random as ever.
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
    made: dict[Node, Node] = {}
    for node in shape.nodes:
        made[node] = _input(draw, node) if isinstance(node, ops.Input) else _made(draw, node, made)
        draw.nodes.append(made[node])
    random_nodes(draw, draw.dice.choice([0, 0, 1, 3]))
    several = [made[node] for node in shape.outputs.values()] if len(shape.outputs) > 1 else []
    return draw.definition(several)


def _input(draw: Draw, node: Node) -> Node:
    """The input itself, or now and then something of its type that is computed from others."""
    return draw.maybe(lambda: draw.pick(lambda other: other.type == node.type), node)  # type: ignore[no-any-return]


def _made(draw: Draw, node: Node, made: dict[Node, Node]) -> Node:
    """The node over what its inputs became, with its own values or with others; by force over what they were."""
    inputs = tuple(made[child] for child in node.inputs)
    draw.wanted = list(inputs)
    try:
        other = MAKERS[type(node)](draw) if draw.dice.random() < 0.4 else None
        return other or node.with_inputs(inputs)
    except DefinitionError:
        return node  # an input became another type
    finally:
        draw.wanted = []
