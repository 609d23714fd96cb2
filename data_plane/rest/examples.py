"""A row that a model takes, for its document: found in its plan, and tried before it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pretzel.adapters.inputs import style_of
from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.rest.rows import Rows, Target
from pretzel.data_plane.rest.tables import from_rows
from pretzel.errors import PretzelError
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan
from pretzel.plan.types import ValueType

TEXT = "a text"
DATE = "2026-01-01"
_KEYS = "keys"
"""Name of the parameter with the categories that a stage knows."""
_MOST_BYTES = 1 << 20
"""Largest table of categories that is read for an example."""
_SECONDS = 5.0


class Examples:
    """Rows that models take, by version."""

    def __init__(self, backend: Backend, rows: Rows) -> None:
        self._backend, self._rows = backend, rows

    async def row(self, target: Target) -> Any:
        """Return a row that the model answers, or None if none is found."""
        known = await self._backend.plans.describe(target.route.entry, self._known)
        row = _row(target, known)
        try:
            await self._rows.score(
                target,
                lambda signature, metadata: from_rows([row], signature, metadata),
                target.usual,
                self._rows.earlier(0.0, _SECONDS),
                dict,
                method="example",
            )
        except PretzelError:
            return None
        return row

    def _known(self, plan: Plan) -> dict[str, Any]:
        """Return a value of each input that is looked up among known ones."""
        names = {i: item.name for i, item in enumerate(plan.inputs)}
        known: dict[str, Any] = {}
        for stage in plan.stages:
            digest = stage.parameters.get(_KEYS)
            if digest is None or digest.size > _MOST_BYTES or len(stage.inputs) != 1 or stage.inputs[0] not in names:
                continue
            inline = plan.inline.get(digest)
            keys = Parameter(self._backend.objects.fetch(digest) if inline is None else inline, digest)
            values = keys.texts if keys.dtype == "str" else keys.array.tolist()
            if len(values):
                known[names[stage.inputs[0]]] = values[0]
        return known


def _row(target: Target, known: Mapping[str, Any]) -> Any:
    """Return a row in the form that the model's rows have: an object, an array or a text."""
    signature, metadata = target.signature, target.metadata
    style = style_of(target.inputs, metadata)
    if style == "texts":
        return TEXT
    if style in ("lists", "records"):
        return ["a"] if style == "lists" else {"a": 1.0}
    dates = metadata.get("dates") or {}
    columns = {column.name: column.type for column in signature.columns}
    columns = columns or {item.name: item.type for item in target.inputs}
    row = {name: DATE if name in dates else known.get(name, _value(kind)) for name, kind in columns.items()}
    named = style == "frame" or bool(metadata.get("feature_names"))
    return row if named else list(row.values())


def _value(kind: ValueType | None) -> Any:
    if kind is None:
        return None
    return TEXT if kind.is_text else True if kind.dtype == "bool" else 1.0 if kind.is_float else 1


def schemas(target: Target) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the schema of each column."""
    dates = target.metadata.get("dates") or {}
    columns = {column.name: column.type for column in target.signature.columns}
    for name, kind in (columns or {item.name: item.type for item in target.inputs}).items():
        yield name, {"type": ["string", "null"], "description": dates[name]} if name in dates else schema(kind)


def schema(kind: ValueType | None) -> dict[str, Any]:
    """Return the schema of one value; numbers and texts may be missing."""
    if kind is None:
        return {"description": "no step reads this column"}
    if kind.layout == "ragged" or kind.width is not None:
        return {"type": "array", "items": schema(ValueType(kind.dtype))}
    if kind.is_text or kind.is_float:
        return {"type": ["string" if kind.is_text else "number", "null"]}
    return {"type": "boolean" if kind.dtype == "bool" else "integer"}
