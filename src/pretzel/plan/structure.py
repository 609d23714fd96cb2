"""What can be said of a definition before any parameter is there: that it is not too much, and hangs together.

A definition comes from anyone.  It is looked at as a tree of plain values first, in time that its own size bounds, so
that one that no parameter could mend is refused before parameters are asked for, and before anything is built.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sized
from typing import Any

from pretzel.errors import DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.node import OPERATORS

MAX_NODES = 100_000
MAX_EDGES = 1_000_000
MAX_ATTRIBUTE = 65_536
"""Letters of a text, and items of a list, in one attribute; what is larger is a parameter."""
MAX_READ = 1 << 36
"""Bytes of parameters that nodes read, each time one is read: a forest in a thousand nodes is looked at that often."""


def check_structure(tree: Any) -> None:
    """Refuse a tree that is no definition, whatever its parameters hold.

    Raises:
        DefinitionError: too much of something, an unknown operator or attribute, a dangling or forward reference (so a
            cycle); the message names the node.
    """
    seen = 0
    try:
        _few("nodes", len(tree["nodes"]), MAX_NODES)
        edges = 0
        for seen, item in enumerate(tree["nodes"]):
            edges += len(item["inputs"])
            _few(f"edges up to node {seen}", edges, MAX_EDGES)
            _check_node(seen, item)
        _check_ends(tree, len(tree["nodes"]))
        _few("bytes of parameters read", _bytes_read(tree), MAX_READ)
    except DefinitionError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        raise DefinitionError(f"definition: malformed near node {seen}: {error!r:.200}") from None


def _check_node(i: int, item: Any) -> None:
    operator = OPERATORS.get(item["op"])
    if operator is None:
        raise DefinitionError(f"node {i}: unknown operator {item['op']!r:.80}; is the server older than the client?")
    for j in item["inputs"]:
        _check_reference(j, i, f"node {i}")
    try:
        operator.check_fields(len(item["inputs"]), [*item["attributes"], *item["parameters"]])
        for name, value in item["attributes"].items():
            _check_size(f"{operator.name}.{name}", value)
    except DefinitionError as error:
        raise DefinitionError(f"node {i}: {error}") from None


def _check_size(name: str, value: Any) -> None:
    if isinstance(value, Sized) and len(value) > MAX_ATTRIBUTE:
        what = "letters" if isinstance(value, str) else "items"
        raise DefinitionError(f"{name}: {len(value)} {what}, at most {MAX_ATTRIBUTE} are allowed")


def _check_ends(tree: Mapping[str, Any], nodes: int) -> None:
    for i in tree["inputs"]:
        _check_reference(i, nodes, "input list")
    for name, i in tree["outputs"]:
        _check_reference(i, nodes, f"output {name!r:.80}")
    twice = [name for name, count in Counter(name for name, _ in tree["outputs"]).items() if count > 1]
    if twice:
        raise DefinitionError(f"definition: output {twice[0]!r:.80} is named twice")
    dict(tree["metadata"])


def _check_reference(j: Any, count: int, what: str) -> None:
    if type(j) is not int or not 0 <= j < count:
        raise DefinitionError(f"definition: {what} refers to node {j!r:.40}, of {count} before it (a cycle or a gap)")


def _bytes_read(tree: Mapping[str, Any]) -> int:
    texts = [text for item in tree["nodes"] for text in item["parameters"].values()]
    sizes = {text: Digest.parse(text).size for text in dict.fromkeys(texts)}
    return sum(sizes[text] for text in texts)


def _few(what: str, count: int, most: int) -> None:
    if count > most:
        raise DefinitionError(f"definition: {count} {what}, at most {most} are allowed")
