"""Walk a graph of nodes without recursion, so that no depth can exhaust the stack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from pretzel.plan.node import Node


def topological(roots: Iterable[Node]) -> list[Node]:
    """Return every node reachable from ``roots``, inputs before their readers, in a deterministic order."""
    order: dict[Node, None] = {}
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, entered = stack.pop()
        if node in order:
            continue
        if entered:
            order[node] = None
            continue
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(node.inputs) if child not in order)
    return list(order)


def readers(roots: Iterable[Node]) -> Counter[Node]:
    """Return the number of edges that read each node; a root counts one more for its output."""
    roots = list(roots)
    counts = Counter(roots)
    for node in topological(roots):
        counts.update(node.inputs)
    return counts


def rewrite(roots: Iterable[Node], change: Callable[[Node], Node | None]) -> list[Node]:
    """Return ``roots`` rebuilt bottom-up; ``change`` gets each node over its new inputs, and None keeps that node."""
    roots = list(roots)
    done = rewritten(roots, change)
    return [done[root] for root in roots]


def rewritten(roots: Iterable[Node], change: Callable[[Node], Node | None]) -> dict[Node, Node]:
    """Return the new node of each that ``roots`` read, as :func:`rewrite` makes them."""
    done: dict[Node, Node] = {}
    for node in topological(roots):
        rebuilt = node.with_inputs(tuple(done[child] for child in node.inputs))
        done[node] = change(rebuilt) or rebuilt
    return done
