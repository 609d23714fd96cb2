"""The driver: applies the rules in order until none fires, and holds each of them to the rules of the game.

Rules stay innocent.  They see a node and say what may stand for it; whether types, inputs and outputs survived, and
whether it ever ends, is checked here, and the rule at fault is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pretzel.control_plane.optimize.graph import Graph
from pretzel.control_plane.optimize.pattern import Rule
from pretzel.control_plane.optimize.trace import Step, Trace
from pretzel.errors import PretzelError
from pretzel.plan.definition import MAX_NODES, Definition
from pretzel.plan.node import Node

MAX_PASSES = 100


class RuleError(PretzelError):
    """A rewrite rule broke the definition it was given; a fault of the rule, never of the definition."""


def run(definition: Definition, rules: Sequence[Rule], *, trace: Trace | None = None) -> Definition:
    """Apply ``rules`` in order, again and again, until a whole pass changes nothing.

    Raises:
        RuleError: a rule changed a type, an input or an output, made a cycle, or never came to an end.
    """
    fired: list[str] = []
    for _ in range(MAX_PASSES):
        fired = []
        for rule in rules:
            rewritten = apply(rule, definition, trace=trace)
            if rewritten is not definition:
                fired.append(rule.name)
                definition = rewritten
        if trace is not None:
            trace.passes += 1
        if not fired:
            return definition
    raise RuleError(f"no fixed point after {MAX_PASSES} passes; still firing: {', '.join(fired)}")


def apply(rule: Rule, definition: Definition, *, trace: Trace | None = None) -> Definition:
    """Apply one rule at every place where it fires, and return ``definition`` itself where it does not.

    Raises:
        RuleError: as for :func:`run`.
    """
    graph = Graph(definition)
    found = ((node, _replacement(rule, node, graph)) for node in graph.of(rule.pattern.operator))
    replaced = {node: new for node, new in found if new is not None}
    if not replaced:
        return definition
    roots = _substitute(rule, definition.outputs.values(), replaced)
    rewritten = Definition(dict(zip(definition.outputs, roots, strict=True)), definition.inputs, definition.metadata)
    _check(rule, definition, rewritten)
    if trace is not None:
        trace.record(Step(rule.name, rule.summary, len(replaced), definition, rewritten))
    return rewritten


def _replacement(rule: Rule, node: Node, graph: Graph) -> Node | None:
    try:
        new = rule.replacement(node, graph)
    except Exception as error:
        raise RuleError(f"rule {rule.name}: failed at {node!r}: {error}") from error
    if new is not None and new.type != node.type:
        raise RuleError(f"rule {rule.name}: replaced {node!r} by {new!r}, which has another type")
    return new


def _substitute(rule: Rule, roots: Iterable[Node], replaced: dict[Node, Node]) -> list[Node]:
    # A replacement is made of old nodes, which may be replaced in their turn; so it is walked like any other input.
    roots = list(roots)
    done: dict[Node, Node] = {}
    open_: set[Node] = set()
    stack = roots[::-1]
    while stack:
        node = stack[-1]
        needs = (replaced[node],) if node in replaced else node.inputs
        waiting = [need for need in needs if need not in done] if node not in done else []
        if waiting and node in open_:
            raise RuleError(f"rule {rule.name}: replaced {node!r} by something that reads it")
        open_.add(node)
        stack.extend(waiting)
        if not waiting:
            done[stack.pop()] = done[needs[0]] if node in replaced else node.with_inputs(tuple(done[n] for n in needs))
    return [done[root] for root in roots]


def _check(rule: Rule, before: Definition, after: Definition) -> None:
    if after.inputs != before.inputs:
        raise RuleError(f"rule {rule.name}: changed the inputs of the definition")
    if len(after.nodes) > MAX_NODES:
        raise RuleError(f"rule {rule.name}: {len(after.nodes)} nodes, at most {MAX_NODES} are allowed")
    for name, node in before.outputs.items():
        if after.outputs[name].type != node.type:
            raise RuleError(f"rule {rule.name}: output {name!r} was {node.type}, became {after.outputs[name].type}")
