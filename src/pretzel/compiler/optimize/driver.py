"""The driver: applies the rules in order until none fires, and holds each of them to the rules of the game.

Rules stay innocent.  They see a node and say what may stand for it; whether types, inputs, outputs and legality
survived, whether it ever ends and how long it takes is looked after here, and the rule at fault is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pretzel.compiler.legality import OPTIMIZED, has_kernel
from pretzel.compiler.optimize.budget import BYTE, NODE, Budget
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import Rule, alternatives
from pretzel.compiler.optimize.trace import Step, Trace
from pretzel.errors import PretzelError
from pretzel.plan.definition import MAX_NODES, Definition
from pretzel.plan.node import Node

MAX_PASSES = 100


class RuleError(PretzelError):
    """A rewrite rule broke the definition it was given; a fault of the rule, never of the definition."""


def run(
    definition: Definition, rules: Sequence[Rule], *, trace: Trace | None = None, budget: Budget | None = None
) -> Definition:
    """Apply ``rules`` in order, again and again, until a whole pass changes nothing or the budget is spent.

    Raises:
        RuleError: a rule changed a type, an input or an output, made a cycle or what is not legal, or never ended.
    """
    graph, size, idle = Graph(definition, budget), len(definition.nodes), 0
    while not graph.budget.spent:
        graph, fired = _one_pass(graph, rules, trace)
        if not fired:
            break
        # A definition may be deeper than any number of passes, and gets smaller with each; a rule that goes round in
        # circles does not.
        idle, size = (0, len(graph.definition.nodes)) if len(graph.definition.nodes) < size else (idle + 1, size)
        if idle == MAX_PASSES:
            raise RuleError(f"no fixed point after {MAX_PASSES} passes; still firing: {', '.join(fired)}")
    if trace is not None:
        trace.finished &= not graph.budget.spent
    return graph.definition


def apply(rule: Rule, definition: Definition, *, trace: Trace | None = None) -> Definition:
    """Apply one rule at every place where it fires, and return ``definition`` itself where it does not.

    Raises:
        RuleError: as for :func:`run`.
    """
    return _apply(rule, Graph(definition), trace).definition


def _one_pass(graph: Graph, rules: Sequence[Rule], trace: Trace | None) -> tuple[Graph, list[str]]:
    fired = []
    graph.budget.spend(NODE * len(graph.definition.nodes))
    for rule in rules:
        rewritten = _apply(rule, graph, trace)
        if rewritten is not graph:
            fired.append(rule.name)
            graph = rewritten
    if trace is not None:
        trace.passes += 1
    return graph, fired


def _apply(rule: Rule, graph: Graph, trace: Trace | None) -> Graph:
    definition = graph.definition
    replaced = dict(_replacements(rule, graph))
    if not replaced:
        return graph
    graph.budget.spend(NODE * len(definition.nodes))
    roots = _substitute(rule, definition.outputs.values(), replaced)
    rewritten = Definition(dict(zip(definition.outputs, roots, strict=True)), definition.inputs, definition.metadata)
    _check(rule, definition, rewritten)
    if trace is not None:
        trace.record(Step(rule.name, rule.summary, len(replaced), definition, rewritten))
    return Graph(rewritten, graph.budget)


def _replacements(rule: Rule, graph: Graph) -> Iterator[tuple[Node, Node]]:
    for node in graph.of(*alternatives(rule.pattern.operator)):
        if graph.budget.spent:
            return
        new = _replacement(rule, node, graph)
        if new is not None:
            yield node, new


def _replacement(rule: Rule, node: Node, graph: Graph) -> Node | None:
    try:
        new = rule.replacement(node, graph)
    except Exception as error:
        raise RuleError(f"rule {rule.name}: failed at {node!r}: {error}") from error
    if new is None:
        return None
    if new.type != node.type:
        raise RuleError(f"rule {rule.name}: replaced {node!r} by {new!r}, which has another type")
    made = _made(new, graph)
    graph.budget.spend(sum(BYTE * p.nbytes for each in made for p in each.parameters.values()))
    for problem in OPTIMIZED.problems(made) if has_kernel(node) else ():
        raise RuleError(f"rule {rule.name}: replaced {node!r} by what is illegal in an {OPTIMIZED.name}: {problem}")
    return new


def _made(new: Node, graph: Graph) -> list[Node]:
    """Return the nodes of a replacement that were not there before."""
    found: dict[Node, None] = {}
    stack = [new]
    while stack:
        node = stack.pop()
        if node not in graph and node not in found:
            found[node] = None
            stack.extend(node.inputs)
    return list(found)


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
