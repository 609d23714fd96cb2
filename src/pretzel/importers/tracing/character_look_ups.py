"""Look-ups of single characters in constant texts, which Python computes itself, so that a trace does not show them."""

from __future__ import annotations

import dis
import types
from collections.abc import Callable, Iterator
from typing import Any

from pretzel.importers.tracing.ending import where

LOOP = "look them up in a constant of the module, or in a set"
LOADS = ("LOAD_CONST", "LOAD_GLOBAL", "LOAD_DEREF", "LOAD_FAST", "LOAD_NAME")


def searched(function: Callable[..., Any]) -> str | None:
    """Return the line of a function that looks for what a loop yields in a constant text; None if there is none."""
    inner = getattr(function, "__func__", getattr(function, "func", function))
    code = getattr(inner, "__code__", None)
    return next(_lines(code, inner), None) if isinstance(code, types.CodeType) else None


def clarified(function: Callable[..., Any], reason: str, remedy: str) -> tuple[str, str]:
    """Return reason and remedy of a failed proof, by the line that looks for characters if there is one."""
    line = searched(function)
    if line is None:
        return reason, remedy
    why = f"at {line}, it looks for single characters or words in a constant text, which is not traced"
    return why, LOOP


def _lines(code: types.CodeType, function: Any) -> Iterator[str]:
    instructions = list(dis.get_instructions(code))
    line, loops = code.co_firstlineno, any(one.opname == "FOR_ITER" for one in instructions)
    for before, one in zip(instructions, instructions[1:], strict=False):
        line = before.starts_line or line
        if loops and one.opname == "CONTAINS_OP" and before.opname in LOADS and _is_text(before, function):
            yield where(code.co_filename, one.starts_line or line)
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            yield from _lines(part, function)


def _is_text(instruction: dis.Instruction, function: Any) -> bool:
    """Return whether an instruction loads a constant text, or a global name of one."""
    if instruction.opname == "LOAD_CONST":
        return isinstance(instruction.argval, str)
    return isinstance(getattr(function, "__globals__", {}).get(instruction.argval), str)
