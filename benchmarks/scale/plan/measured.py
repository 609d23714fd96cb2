"""The measured figures that the plan is made from, each with the page that has it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGES = Path(__file__).parents[3] / "docs/benchmarks"
MIB = 1 << 20
TEXT_CALL = "sa, 32 in flight"
SMALL_CALL = "wine, 32 in flight"
TLS_CALL = "wine, over TLS"


@dataclass(frozen=True)
class Measured:
    """Figures of one serving process, and of the control plane."""

    shared_bytes: float
    """Parameters that text models of one fit have in common."""
    own_bytes: float
    """Memory of one such model beyond that, with one serving process: weights, and the objects of its plan."""
    private_bytes: float
    """The part of it that each further serving process of the machine has again: the objects of its plan."""
    empty_bytes: float
    """A worker without models: its supervisor and one serving process."""
    text_seconds: float
    """Processor time of a call of a text model, with the work of the transport, from calls a second at saturation."""
    small_seconds: float
    """The same of a linear model of 13 columns."""
    tls_factor: float
    """Rate over TLS as a share of that in plain text."""
    cold_seconds: float
    """The first call of a model whose parameters are in the cache of the machine, median."""
    load_seconds: float
    """A load of a model from the cache, median."""
    restart_seconds: float
    """Restart of a worker of 10,000 models until it serves."""
    deploy_seconds: float
    """A deployment after 10,000 others, from the client's call to its answer."""
    follow_seconds: float
    """Processor time of a worker for each deployment: to fetch, store and publish it."""


def read(pages: Path = PAGES) -> Measured:
    """Read the figures from the results of the benchmarks.

    Raises:
        KeyError: a page lacks a figure.
    """
    scale, serving, mechanisms = (json.loads((pages / f"{name}.json").read_text()) for name in SOURCES)
    figures = {name: value for name, value, _ in scale["figures"]}
    shared, own = _sizes(mechanisms["mechanisms"])
    empty = figures[EMPTY]
    return Measured(
        shared_bytes=shared,
        own_bytes=own,
        private_bytes=_private(figures, scale["options"]),
        empty_bytes=(_number("serving", empty) + _number("supervisor", empty)) * MIB,
        text_seconds=_row(serving, TEXT_CALL)["ours_us"] / 1e6,
        small_seconds=_row(serving, SMALL_CALL)["ours_us"] / 1e6,
        tls_factor=_row(serving, TLS_CALL)["ratio"],
        cold_seconds=_number("p50", figures["first call, 1 % of the calls"]) / 1e3,
        load_seconds=_number("p50", figures["10,000 loads and unloads"]) / 1e3,
        restart_seconds=_number("", figures["restart of the worker until it serves"]),
        deploy_seconds=_number("", figures["time per deployment at the last"]) / 1e3,
        follow_seconds=sum(_number("last", figures[f"processor time per deployment, {role}"]) for role in FOLLOW) / 1e3,
    )


EMPTY = "memory of the empty system"
WEIGHT_BYTES = 8
SOURCES = ("scale", "serving", "mechanisms")
FOLLOW = ("supervisor", "serving")


def _sizes(mechanisms: list[dict[str, Any]]) -> tuple[float, float]:
    """Solve for the shared and the own bytes of a model: ten over one dictionary, and ten over a dictionary each."""
    [found] = [item for item in mechanisms if item["name"] == "parameters are stored once"]
    together, apart = found["on"] * 1e6, found["off"] * 1e6
    shared = (apart - together) / 9
    return shared, (together - shared) / 10


def _private(figures: dict[str, str], options: dict[str, str]) -> float:
    """Return bytes of a model in a serving process beyond its weights, which are mapped from files."""
    added = _number("serving", figures["memory with all called"]) - _number("serving", figures[EMPTY])
    return added * MIB / int(options["models"]) - int(options["features"]) * WEIGHT_BYTES


def _row(serving: dict[str, Any], name: str) -> dict[str, Any]:
    rows = [dict(zip(serving["columns"], row, strict=True)) for row in serving["rows"]]
    return next(row for row in rows if row["name"] == name)


def _number(label: str, text: str) -> float:
    """Return the number after a label."""
    found = re.search(rf"{re.escape(label)} ?([\d.]+)", text)
    if found is None:
        raise KeyError(f"{label!r} in {text!r}")
    return float(found[1])
