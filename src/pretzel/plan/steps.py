"""The names that a user gave the steps of a model, by the nodes of its definition or the stages of its plan.

They say where a value comes from, and decide nothing: they are in no digest, so that models which differ in names alone
share their plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pretzel.errors import DefinitionError
from pretzel.plan.node import Node

KEY = "steps"
"""Key of the names in the tree of a definition."""
IN_VERSION = "step_names"
"""Key of the names of a plan's stages in the metadata of a version."""
MOST_STAGES = 256
"""Stages; the names of a larger plan are not stored, since every worker receives the metadata of a version."""
MOST_NAMES = 8
"""Names of one node: further steps that share it are left out."""
LONGEST = 200
"""Characters of a name."""
MOST_ENTRIES = 1_000_000
"""Pairs of a name and a node in one definition."""

Names = tuple[str, ...]


def added(names: Names, more: Iterable[str]) -> Names:
    """Return names with others that they lack, up to the most that one node has."""
    return tuple(dict.fromkeys([*names, *more]))[:MOST_NAMES]


def by_name(names: Iterable[Names]) -> list[list[Any]]:
    """Return pairs of a name and the positions that have it, for a sequence of names by position."""
    places: dict[str, list[int]] = {}
    for place, some in enumerate(names):
        for name in some:
            places.setdefault(name, []).append(place)
    return [[name, held] for name, held in places.items()]


def by_place(pairs: Any, count: int) -> list[Names]:
    """Return the names of each of ``count`` positions, from what :func:`by_name` returned.

    Raises:
        DefinitionError: it is malformed, or names a position that does not exist.
    """
    found: list[dict[str, None]] = [{} for _ in range(count)]
    entries = 0
    for pair in _list(pairs, "steps"):
        name, places = _list(pair, "step", 2)
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST:
            raise DefinitionError(f"definition: step {name!r:.80}: expected a name of 1 to {LONGEST} characters")
        entries += len(_list(places, f"step {name!r:.80}"))
        if entries > MOST_ENTRIES:
            raise DefinitionError(
                f"definition: steps name nodes {entries:,} times, at most {MOST_ENTRIES:,} are allowed"
            )
        for place in places:
            if type(place) is not int or not 0 <= place < count:
                raise DefinitionError(f"definition: step {name!r:.80} refers to node {place!r:.40}, of {count}")
            if len(found[place]) < MOST_NAMES:
                found[place][name] = None
    return [tuple(names) for names in found]


def stored(names: Sequence[Names]) -> dict[str, Any]:
    """Return the metadata of a version for the names of each stage of its plan; none without names."""
    return {IN_VERSION: by_name(names)} if any(names) and len(names) <= MOST_STAGES else {}


def of_version(metadata: Mapping[str, Any], stages: int = MOST_STAGES) -> list[Names]:
    """Return the names of each stage of a version's plan; none if none were stored, or something else."""
    try:
        return by_place(metadata.get(IN_VERSION, ()), stages)
    except DefinitionError:
        return [()] * stages


def of_nodes(nodes: Sequence[Node], names: Mapping[Node, Names]) -> list[list[Any]]:
    """Return pairs of a name and the positions of its nodes."""
    return by_name(names.get(node, ()) for node in nodes)


def _list(value: Any, what: str, length: int | None = None) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)) or (length is not None and len(value) != length):
        raise DefinitionError(
            f"definition: {what}: expected a list{f' of {length}' if length else ''}, got {value!r:.80}"
        )
    return value
