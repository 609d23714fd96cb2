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
COLUMNS = "predict"
"""The method whose parts are the columns of one array."""
MATRICES = ("contributions", "interactions")
"""Methods whose parts are matrices of one array, stacked along its second axis; parts of other methods are a list."""
SQUARE = "interactions"
"""The method that gives a square matrix for each row; as an output it lies flat, row of the matrix by row."""
ON_REQUEST = frozenset(MATRICES)
"""Methods that are computed only where they are asked for by name: each takes more than all others together."""


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


def outputs_of(method: str, outputs: Iterable[str]) -> list[str]:
    """Return the outputs that make up what a method answers, in order; none where there is no such method."""
    names = set(outputs)
    if method in names:
        return [method]
    found: list[str] = []
    while part_name(method, len(found)) in names:
        found.append(part_name(method, len(found)))
    return found


def usual(outputs: Iterable[str]) -> tuple[str, ...]:
    """Return the outputs that are meant where none is named: all but those that are computed on request alone."""
    names = tuple(outputs)
    return tuple(name for name in names if method_of(name) not in ON_REQUEST) or names


def taken_apart(method: str, answer: Any, outputs: Sequence[str]) -> dict[str, Any]:
    """Return a library's answer by output: whole, or a part for each of ``outputs``."""
    if list(outputs) == [method]:
        return {method: _flat(answer) if method == SQUARE else answer}
    if method in MATRICES:
        parts = [_flat(part) if method == SQUARE else part for part in np.moveaxis(np.asarray(answer), 1, 0)]
    else:
        parts = answer.T if method == COLUMNS else answer
    return dict(zip(outputs, parts, strict=True))


def put_together(method: str, answers: Sequence[Any], outputs: Sequence[str]) -> Any:
    """Return what the library's method returns, from the answers of its outputs."""
    if method == SQUARE:
        answers = [_square(answer) for answer in answers]
    if list(outputs) == [method]:
        return answers[0]
    return np.stack(answers, axis=1) if method == COLUMNS or method in MATRICES else list(answers)


def _flat(answer: Any) -> Any:
    return np.asarray(answer).reshape(len(answer), -1)


def _square(answer: Any) -> Any:
    side = math.isqrt(answer.shape[1])
    return answer.reshape(len(answer), side, side)
