"""The comparison of two runs, from their JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pretzel.errors import InputError

FIGURES = ("calls_per_second", "rows_per_second", "goodput", "failures", "latency_ms")
LOADS = ("protocol", "method", "models", "zipf", "rows", "load", "slo_ms")
"""Fields that describe the load."""
Row = tuple[str, float | None, float | None, float | None]
"""Name of a figure, its two values, and the second over the first."""


def read_result(path: Path) -> dict[str, Any]:
    """Read the JSON of a run.

    Raises:
        InputError: it is something else.
    """
    try:
        result = json.loads(path.read_text())
    except ValueError as error:
        raise InputError(f"{path}: expected the JSON of a run ({error}); write it with `--out FILE`") from None
    if not isinstance(result, dict) or not {"latency_ms", "calls_per_second", "curve"} <= result.keys():
        raise InputError(f"{path}: expected the JSON of a run; write it with `pretzel bench NAME --out FILE`")
    return result


def compare(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Row]:
    """Return the figures that both runs have."""
    return [*_pairs("", one, other, FIGURES), *_pairs("server ", _part(one, "server"), _part(other, "server"))]


def different_loads(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the fields in which the loads differ."""
    return [f"{key} ({one.get(key)}, {other.get(key)})" for key in LOADS if one.get(key) != other.get(key)]


def _part(result: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = result.get(name)
    return part if isinstance(part, Mapping) else {}


def _pairs(
    prefix: str, one: Mapping[str, Any], other: Mapping[str, Any], names: tuple[str, ...] | None = None
) -> Iterator[Row]:
    for name in names or tuple(one):
        first, second = one.get(name), other.get(name)
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            yield from _pairs(f"{prefix}{name} ", first, second)
        elif _is_number(first) or _is_number(second):
            yield f"{prefix}{name}", first, second, _ratio(first, second)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _ratio(first: Any, second: Any) -> float | None:
    return round(second / first, 3) if _is_number(first) and _is_number(second) and first else None
