"""Check the size and the references of a definition before its parameters are available.

A definition may come from an untrusted client.  It is first checked as a tree of plain values, in time linear in its
size, so that an invalid one is rejected before its parameters are requested and before anything is built.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sized
from typing import Any

from pretzel.errors import DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.node import OPERATORS
from pretzel.plan.steps import KEY, by_place

MAX_NODES = 100_000
MAX_EDGES = 1_000_000
MAX_ATTRIBUTE = 65_536
"""Characters of a text, or items of a list, in one attribute; larger values are parameters."""
MAX_METADATA = 4 << 20
"""Bytes of metadata, which every listing of the model reads: the names of 200,000 columns fit."""
MAX_READ = 1 << 36
"""Bytes of parameters that nodes read, counted once per reading node: each of them checks the parameter."""


def check_structure(tree: Any) -> None:
    """Reject a tree that is not a definition, whatever its parameters hold.

    Raises:
        DefinitionError: a limit is exceeded, an unknown operator or attribute, a dangling or forward reference (so a
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
        by_place(tree.get(KEY, ()), len(tree["nodes"]))
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
        what = "characters" if isinstance(value, str) else "items"
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
