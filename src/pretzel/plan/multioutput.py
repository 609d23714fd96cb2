"""Methods that answer for several targets: the answer for each is an output of its own, ``predict_proba[0]`` and so on.

A definition's outputs are single values.  What a library returns as a list of arrays, or as one array with a column of
labels a target, is taken apart into such outputs, and put together again where a user receives it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

_PART = re.compile(r"(\w+)\[\d+\]")
OPTIONAL = frozenset({"apply", "contributions", "interactions", "leaf_index"})
"""What is computed only where it is asked for by name: it explains other answers, and may take longer than they do."""
COLUMNS = "predict"
"""The method whose parts are the columns of one array."""
MATRICES = ("contributions", "interactions")
"""Methods whose parts are matrices of one array, along its second axis; sparse ones and parts of others are a list."""
SQUARE = "interactions"
"""The method that gives a square matrix for each row; as an output it lies flat, row of the matrix by row."""


def part_name(method: str, i: int) -> str:
    """Return the name of the output that holds a method's answer for target ``i``."""
    return f"{method}[{i}]"


def method_of(output: str) -> str:
    """Return the method that an output, a part or a whole, belongs to."""
    found = _PART.fullmatch(output)
    return output if found is None else found[1]


def methods_of(outputs: Iterable[str]) -> list[str]:
    """Return the methods that outputs belong to, each once, in order."""
    return list(dict.fromkeys(map(method_of, outputs)))


def is_optional(output: str) -> bool:
    """Whether an output is computed only where it is asked for by name."""
    return method_of(output) in OPTIONAL


def usual_outputs(outputs: Iterable[str]) -> tuple[str, ...]:
    """Return the outputs computed where none is named: those that are not optional, or all where all are."""
    every = tuple(outputs)
    return tuple(name for name in every if not is_optional(name)) or every


def outputs_of(method: str, outputs: Iterable[str]) -> list[str]:
    """Return the outputs that make up what a method answers, in order; none where there is no such method."""
    names = set(outputs)
    if method in names:
        return [method]
    found: list[str] = []
    while part_name(method, len(found)) in names:
        found.append(part_name(method, len(found)))
    return found


def split(method: str, answer: Any, outputs: Sequence[str]) -> dict[str, Any]:
    """Return a library's answer by output: whole, or a part for each of ``outputs``."""
    if list(outputs) == [method]:
        return {method: _flat(answer) if method == SQUARE else answer}
    if method in MATRICES and not isinstance(answer, list):
        parts = [_flat(part) if method == SQUARE else part for part in np.moveaxis(np.asarray(answer), 1, 0)]
    else:
        parts = answer.T if method == COLUMNS else answer
    return dict(zip(outputs, parts, strict=True))


def join(method: str, answers: Sequence[Any], outputs: Sequence[str]) -> Any:
    """Return what the library's method returns, from the answers of its outputs."""
    if method == SQUARE:
        answers = [_square(answer) for answer in answers]
    if list(outputs) == [method]:
        return answers[0]
    stacked = method == COLUMNS or method in MATRICES
    return (
        np.stack(answers, axis=1) if stacked and all(isinstance(each, np.ndarray) for each in answers) else [*answers]
    )


def _flat(answer: Any) -> Any:
    return np.asarray(answer).reshape(len(answer), -1)


def _square(answer: Any) -> Any:
    side = math.isqrt(answer.shape[1])
    return answer.reshape(len(answer), side, side)
