"""Messages about steps that do not fit: the line that wrote them, the values they read, and what to change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pretzel.errors import DefinitionError
from pretzel.plan import ops
from pretzel.plan.builder.describing import field_meanings
from pretzel.plan.node import Node

Build = Callable[[Sequence[Node]], Node]

_CONVERSIONS: tuple[tuple[str, Callable[[Node], Node]], ...] = (
    (".densify()", ops.Densify),
    ('.cast("f64")', lambda x: ops.Cast(x, "f64")),
    ('.cast("i64")', lambda x: ops.Cast(x, "i64")),
    ('.cast("f32")', lambda x: ops.Cast(x, "f32")),
    ('.densify().cast("f64")', lambda x: ops.Cast(ops.Densify(x), "f64")),
    (".column(0)", lambda x: ops.Column(x, 0)),
    (".densify().column(0)", lambda x: ops.Column(ops.Densify(x), 0)),
    (".matrix()", lambda x: ops.Concat((x,))),
    (".sparsify()", ops.Sparsify),
    (".tokenize(pattern)", lambda x: ops.Tokenize(x, r"\w+")),
)
"""Steps that change only the form of a value, and how they are written."""


def place_of_caller() -> str:
    """Return file and line of the first frame outside this package: ``model.py:12``."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "pretzel":
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


def misfit(step: str, operator: type[Node], problem: str, parts: Sequence[Any], build: Build) -> DefinitionError:
    """Return the error for a step that does not fit: step, line, problem, the values that it reads, and a remedy."""
    reason = problem.removeprefix(f"{operator.name}: ").removeprefix(f"{operator.name}.")
    read = "; ".join(f"{part.step_name} of {part.place} is {part.node.type}" for part in parts[:3])
    remedy = _conversion([part.node for part in parts], build) or _expected(operator, reason)
    return DefinitionError("; ".join(filter(None, [f"{step} ({place_of_caller()}): {reason}", read, remedy])))


def _conversion(nodes: Sequence[Node], build: Build) -> str:
    """Return the remedy that makes a step legal, if converting one of its inputs does."""
    for written, convert in _CONVERSIONS:
        for i, node in enumerate(nodes):
            try:
                build([*nodes[:i], convert(node), *nodes[i + 1 :]])
            except (DefinitionError, TypeError, ValueError, OverflowError):
                continue
            return f"call {written} on {'it' if len(nodes) == 1 else f'value {i + 1}'} first"
    return ""


def _expected(operator: type[Node], reason: str) -> str:
    """Return the meaning of the field that a message begins with, or a reference to the operator's description."""
    field = reason.partition(":")[0].partition(",")[0]
    meaning = field_meanings(operator).get(field)
    described = f"describe({operator.name!r}) has all of it"
    return f"{field} is {meaning.rstrip('.')}; {described}" if meaning else described
