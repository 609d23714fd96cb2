"""Results of `pretzel bench` as lines, as a file, and as points of a plot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_HIDDEN = {"curve", "messages"}


def lines(result: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Return the names and values to print."""
    return list(_pairs(result))


def _pairs(result: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for key, value in result.items():
        if key in _HIDDEN or value is None:
            continue
        if key == "latency_by_rows_ms":
            for rows, part in value.items():
                yield f"latency of {rows} rows", _joined(part, " ms")
        elif key == "generator":
            yield from _own(value)
        elif isinstance(value, Mapping):
            yield key.removesuffix("_ms").replace("_", " "), _joined(value, " ms" * key.endswith("_ms"))
        else:
            yield key.replace("_", " "), value
    for status, message in result.get("messages", {}).items():
        if message:
            yield f"first {status}", message


def _own(figures: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the lines about the generator."""
    yield "generator", f"{figures['cpu_us_per_call']} us of processor time per call"
    if late := figures.get("late_ms"):
        yield "sent late", _joined(late, " ms")


def _joined(values: Mapping[str, Any], unit: str) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_text(value, unit)}" for name, value in values.items())


def _text(value: Any, unit: str) -> str:
    if value is None:
        return "no answer"
    return f"{value:.3f}{unit}" if unit else str(value)


def write_json(path: Path, result: Mapping[str, Any]) -> None:
    """Write a result to a file."""
    path.write_text(json.dumps(result, indent=2) + "\n")


def points(result: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Return the points of a result's plot."""
    return [(float(share), float(ms)) for share, ms in result["curve"]]
