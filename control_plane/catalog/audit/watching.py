"""Records what a transaction changes of models, by a comparison of their rows before and after."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from pretzel.control_plane.catalog.audit.recording import Change, record
from pretzel.control_plane.catalog.columns import WORDS
from pretzel.control_plane.catalog.tables import aliases, hints, labels, notes, shadows, traffic, versions
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode

State = dict[str, Any]
"""The entries of a model by readable names, such as ``alias stable``; metadata of versions stay encoded."""
COLLECTION = "CollectGarbage"
"""Method in records of collections that no call asked for."""
_CHUNK = 500  # SQLite takes a bounded number of variables
_VERSION = re.compile(r"version (\d+)")


@contextmanager
def watched(connection: Connection, name: str) -> Iterator[None]:
    """Record what the block changes of a model; nothing, if it changes nothing."""
    before = _states(connection, [name])[name]
    yield
    after = _states(connection, [name])[name]
    change = compare(name, before, after)
    if change is not None:
        record(connection, change)


def deleting(connection: Connection, names: list[str]) -> None:
    """Record the deletion of models, before it is done."""
    for start in range(0, len(names), _CHUNK):
        states = _states(connection, names[start : start + _CHUNK])
        changes = (compare(name, state, {}) for name, state in states.items())
        record(connection, *(change for change in changes if change is not None))


def collecting(connection: Connection, objects: Sequence[Digest]) -> None:
    """Record the removal of objects."""
    removed = {"objects": len(objects), "bytes": sum(digest.size for digest in objects)}
    record(connection, Change(before=removed), method=COLLECTION)


def compare(name: str, before: State, after: State) -> Change | None:
    """Return what differs of a model; None if nothing does."""
    lost = {key: value for key, value in before.items() if _differs(key, value, after)}
    gained = {key: value for key, value in after.items() if _differs(key, value, before)}
    if not lost and not gained:
        return None
    return Change(name, _version_of(lost, gained), _shown(lost), _shown(gained))


def _differs(key: str, value: object, other: State) -> bool:
    """Return whether an entry is missing or another; metadata count only if their version stays."""
    if isinstance(value, bytes) and key not in other:
        return False
    return bool(other.get(key) != value)


def _version_of(lost: State, gained: State) -> int:
    """Return the version that a change is about: one that came, one that went, or the new one of an alias; else 0."""
    for keys in (gained, lost):
        numbers = [int(match[1]) for match in map(_VERSION.fullmatch, keys) if match]
        if numbers:
            return numbers[-1] if len(numbers) == 1 else 0
    pointed = {value for key, value in gained.items() if key.startswith("alias ")}
    return int(pointed.pop()) if len(pointed) == 1 else 0


def _shown(values: State) -> State:
    return {key: _verification(value) if isinstance(value, bytes) else value for key, value in values.items()}


def _verification(metadata: bytes) -> str:
    decoded = decode(metadata)
    found = decoded.get("verification")
    if not decoded.get("verified") or not found:
        return "not verified"
    return f"verified on {found['rows']} of {found['of']} rows"


def _states(connection: Connection, names: list[str]) -> dict[str, State]:
    """Return the states of models; empty ones of those that do not exist."""
    states: dict[str, State] = {name: {} for name in names}
    wanted = {"names": names}
    for model, version, plan, metadata in connection.execute(_VERSIONS, wanted):
        states[model][f"version {version}"] = plan
        states[model][f"version {version} verification"] = bytes(metadata)
    for model, alias, version in connection.execute(_ALIASES, wanted):
        states[model][f"alias {alias}"] = version
    for model, alias, version, slots in connection.execute(_TRAFFIC, wanted):
        shares = states[model].setdefault(f"traffic {alias}", {})
        shares[str(version)] = int(slots) / 100  # percent
    for model, pin, replicas, workers in connection.execute(_HINTS, wanted):
        found = {"hint pin": bool(pin), "hint replicas": replicas, "hint workers": workers}
        states[model] |= {key: value for key, value in found.items() if value}
    for model, alias, version, slots in connection.execute(_SHADOWS, wanted):
        states[model][f"shadow {alias}"] = {str(version): slots / 100}  # percent
    for model, version, key, text in connection.execute(_MARKS, wanted):
        if text:
            states[model][f"{_of(version)}{key}"] = text
    return states


def _marks(table: Table, key: ColumnElement[str], text: ColumnElement[str]) -> Select[Any]:
    return select(table.c.model, table.c.version, key.label("key"), text.label("text")).where(table.c.model.in_(_NAMES))


# Built once: that takes longer than to run them.
_NAMES: BindParameter[Any] = bindparam("names", expanding=True)
_VERSIONS = (
    select(versions.c.model, versions.c.version, versions.c.plan, versions.c.metadata)
    .where(versions.c.model.in_(_NAMES))
    .order_by(versions.c.model, versions.c.version)
)
_ALIASES = (
    select(aliases.c.model, aliases.c.alias, aliases.c.version)
    .where(aliases.c.model.in_(_NAMES))
    .order_by(aliases.c.alias)
)
_TRAFFIC = (
    select(traffic.c.model, traffic.c.alias, traffic.c.version, func.sum(traffic.c.slots))
    .where(traffic.c.model.in_(_NAMES))
    .group_by(traffic.c.model, traffic.c.alias, traffic.c.version)
    .order_by(traffic.c.model, traffic.c.alias, traffic.c.version)
)
_HINTS = select(hints.c.model, hints.c.pin, hints.c.replicas, hints.c.workers).where(hints.c.model.in_(_NAMES))
_SHADOWS = (
    select(shadows.c.model, shadows.c.alias, shadows.c.version, shadows.c.slots)
    .where(shadows.c.model.in_(_NAMES))
    .order_by(shadows.c.model, shadows.c.alias)
)
_MARKS = union_all(
    _marks(labels, literal("label ", WORDS) + labels.c.key, labels.c.value),
    _marks(notes, literal("owner", WORDS), notes.c.owner),
    _marks(notes, literal("note", WORDS), notes.c.note),
).order_by("key")


def _of(version: int) -> str:
    return f"version {version} " if version else ""
