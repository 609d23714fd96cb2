"""The driver: apply the rules in order until none fires, and check every rewrite.

A rule only maps a node to its replacement.  The driver checks types, inputs, outputs and legality, bounds the number
of passes and the work, and names the rule at fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pretzel.compiler.legality import OPTIMIZED, has_kernel
from pretzel.compiler.optimize.budget import BYTE, NODE, Budget
from pretzel.compiler.optimize.graph import Graph
from pretzel.compiler.optimize.pattern import Rule, alternatives
from pretzel.compiler.optimize.provenance import moved
from pretzel.compiler.optimize.trace import Step, Trace
from pretzel.errors import PretzelError
from pretzel.plan.definition import MAX_NODES, Definition
from pretzel.plan.node import Node

MAX_PASSES = 100


class RuleError(PretzelError):
    """A rewrite rule broke a definition; a bug in the rule, never in the definition."""


def run(
    definition: Definition, rules: Sequence[Rule], *, trace: Trace | None = None, budget: Budget | None = None
) -> Definition:
    """Apply ``rules`` in order, repeatedly, until a whole pass changes nothing or the budget is spent.

    Raises:
        RuleError: a rule changed a type, an input or an output, built a cycle or an illegal node, or did not terminate.
    """
    graph, size, idle = Graph(definition, budget), len(definition.nodes), 0
    while not graph.budget.spent:
        graph, fired = _one_pass(graph, rules, trace)
        if not fired:
            break
        # A definition may need more passes than any fixed number, but shrinks with each; under a rule that loops it
        # does not.
        idle, size = (0, len(graph.definition.nodes)) if len(graph.definition.nodes) < size else (idle + 1, size)
        if idle == MAX_PASSES:
            raise RuleError(f"no fixed point after {MAX_PASSES} passes; still firing: {', '.join(fired)}")
    if trace is not None:
        trace.finished &= not graph.budget.spent
    return graph.definition


def apply(rule: Rule, definition: Definition, *, trace: Trace | None = None) -> Definition:
    """Apply one rule at every place where it fires; return ``definition`` itself if it fires nowhere.

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
    new = _substitute(rule, definition.outputs.values(), replaced)
    outputs = {name: new[node] for name, node in definition.outputs.items()}
    rewritten = Definition(outputs, definition.inputs, definition.metadata)
    if definition.steps:
        rewritten = replace(rewritten, steps=moved(definition, rewritten, replaced, new))
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
    created = _created(new, graph)
    graph.budget.spend(sum(BYTE * p.nbytes for n in created for p in n.parameters.values()))
    for problem in OPTIMIZED.problems(created) if has_kernel(node) else ():
        raise RuleError(f"rule {rule.name}: the replacement of {node!r} is illegal in an {OPTIMIZED.name}: {problem}")
    return new


def _created(new: Node, graph: Graph) -> list[Node]:
    """Return the nodes of a replacement that are not in the graph."""
    nodes: dict[Node, None] = {}
    stack = [new]
    while stack:
        node = stack.pop()
        if node not in graph and node not in nodes:
            nodes[node] = None
            stack.extend(node.inputs)
    return list(nodes)


def _substitute(rule: Rule, roots: Iterable[Node], replaced: dict[Node, Node]) -> dict[Node, Node]:
    """Return the new node of each that the roots read."""
    # A replacement contains old nodes, which may be replaced too, so it is walked like any other input.
    done: dict[Node, Node] = {}
    entered: set[Node] = set()
    stack = list(roots)[::-1]
    while stack:
        node = stack[-1]
        needs = (replaced[node],) if node in replaced else node.inputs
        waiting = [need for need in needs if need not in done] if node not in done else []
        if waiting and node in entered:
            raise RuleError(f"rule {rule.name}: replaced {node!r} by a node that reads it")
        entered.add(node)
        stack.extend(waiting)
        if not waiting:
            done[stack.pop()] = done[needs[0]] if node in replaced else node.with_inputs(tuple(done[n] for n in needs))
    return done


def _check(rule: Rule, before: Definition, after: Definition) -> None:
    if after.inputs != before.inputs:
        raise RuleError(f"rule {rule.name}: changed the inputs of the definition")
    if len(after.nodes) > MAX_NODES:
        raise RuleError(f"rule {rule.name}: {len(after.nodes)} nodes, at most {MAX_NODES} are allowed")
    for name, node in before.outputs.items():
        if after.outputs[name].type != node.type:
            raise RuleError(f"rule {rule.name}: output {name!r} was {node.type}, became {after.outputs[name].type}")
