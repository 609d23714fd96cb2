"""Methods with several targets: split into one output per target, ``predict_proba[0]`` and so on, and joined again.

A definition's outputs are single values.  A library's list of arrays, or array with a column of labels per target, is
split into such outputs, and joined again for the user.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node

_PART = re.compile(r"(\w+)\[\d+\]")
OPTIONAL = frozenset({"apply", "contributions", "interactions", "leaf_index"})
"""Methods computed only if requested by name: they explain other answers, and may take longer than those."""
COLUMNS = "predict"
"""The method whose parts are columns of one array."""
MATRICES = ("contributions", "interactions")
"""Methods whose parts are stacked along the second axis; sparse matrices, and parts of other methods, form a list."""
SQUARE = "interactions"
"""The method that returns a square matrix per row; as an output the matrix is flattened, row-major."""


def part_name(method: str, i: int) -> str:
    """Return the output name of a method's answer for target ``i``."""
    return f"{method}[{i}]"


def method_of(output: str) -> str:
    """Return the method that an output, whole or part, belongs to."""
    match = _PART.fullmatch(output)
    return output if match is None else match[1]


def is_part(output: str) -> bool:
    """Return whether an output is a part of a method's answer."""
    return _PART.fullmatch(output) is not None


def methods_of(outputs: Iterable[str]) -> list[str]:
    """Return the distinct methods that outputs belong to, in order."""
    return list(dict.fromkeys(map(method_of, outputs)))


def is_optional(output: str) -> bool:
    """Return whether an output is computed only if requested by name."""
    return method_of(output) in OPTIONAL


def usual_outputs(outputs: Iterable[str]) -> tuple[str, ...]:
    """Return the outputs computed by default: those that are not optional, or all if all are."""
    every = tuple(outputs)
    return tuple(name for name in every if not is_optional(name)) or every


def outputs_of(method: str, outputs: Iterable[str]) -> list[str]:
    """Return the outputs that make up a method's answer, in order; none for an unknown method."""
    names = set(outputs)
    if method in names:
        return [method]
    parts: list[str] = []
    while part_name(method, len(parts)) in names:
        parts.append(part_name(method, len(parts)))
    return parts


def with_methods(definition: Definition, methods: Iterable[str]) -> Definition:
    """Return a definition with some of its methods, each with all of its targets.

    Raises:
        InputError: it lacks one.
    """
    chosen: dict[str, Node] = {}
    for method in methods:
        parts = outputs_of(method, definition.outputs)
        if not parts:
            known = ", ".join(methods_of(definition.outputs))
            raise InputError(f"outputs: this definition has no {method!r:.60}; choose from {known}, or export it again")
        chosen |= {part: definition.outputs[part] for part in parts}
    return replace(definition, outputs=chosen)


def split(method: str, answer: Any, outputs: Sequence[str]) -> dict[str, Any]:
    """Return a library's answer by output: whole, or one part for each of ``outputs``."""
    if list(outputs) == [method]:
        return {method: _flat(answer) if method == SQUARE else answer}
    if method in MATRICES and not isinstance(answer, list):
        parts = [_flat(part) if method == SQUARE else part for part in np.moveaxis(np.asarray(answer), 1, 0)]
    else:
        parts = answer.T if method == COLUMNS else answer
    return dict(zip(outputs, parts, strict=True))


def join(method: str, answers: Sequence[Any], outputs: Sequence[str]) -> Any:
    """Return the library method's return value, joined from the answers of its outputs."""
    if method == SQUARE:
        answers = [_square(answer) for answer in answers]
    if list(outputs) == [method]:
        return answers[0]
    stacked = method == COLUMNS or method in MATRICES
    return (
        np.stack(answers, axis=1) if stacked and all(isinstance(part, np.ndarray) for part in answers) else [*answers]
    )


def _flat(answer: Any) -> Any:
    return np.asarray(answer).reshape(len(answer), -1)


def _square(answer: Any) -> Any:
    side = math.isqrt(answer.shape[1])
    return answer.reshape(len(answer), side, side)
