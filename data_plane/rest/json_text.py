"""JSON of requests and responses.

JSON has no NaN and no infinities.  A response has null for NaN, and the texts "Infinity" and "-Infinity".  A request
may have these as well, or the words NaN, Infinity and -Infinity, which Python's encoder writes.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import numpy as np
import orjson

from pretzel.errors import InputError

_WORDS = (b"NaN", b"Infinity")
INFINITIES = {"Infinity": np.inf, "-Infinity": -np.inf}
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def loads(body: bytes | memoryview) -> Any:
    """Return the value that a body encodes.

    Raises:
        InputError: it is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        text = bytes(body)
        if any(word in text for word in _WORDS):
            return _loads_with_words(text, error)
        _reject(error)


def loads_object(body: bytes | memoryview, expected: str) -> dict[str, Any]:
    """Return the object that a body encodes.

    Raises:
        InputError: it is not JSON, or not an object; ``expected`` describes its content.
    """
    value = loads(body)
    if not isinstance(value, dict):
        raise InputError(f"body: expected a JSON object with {expected}, got {kind_of(value)}")
    return value


def dumps(value: Any) -> bytes:
    """Return the bytes of a value, whose arrays are contiguous and have no infinities."""
    return orjson.dumps(value, option=_OPTIONS)


def kind_of(value: Any) -> str:
    """Return what a value is, in the words of JSON."""
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return names.get(type(value), "an object")


def numbers(array: np.ndarray) -> Any:
    """Return an array as JSON can have it."""
    if array.dtype.kind == "f" and np.isinf(array).any():
        return _spelled(array.tolist())
    return np.ascontiguousarray(array)


def listed(array: np.ndarray) -> list[Any]:
    """Return an array as lists that JSON can have."""
    values: list[Any] = array.tolist()
    return _spelled(values) if array.dtype.kind == "f" and np.isinf(array).any() else values


def _spelled(value: Any) -> Any:
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    return value if not np.isinf(value) else "Infinity" if value > 0 else "-Infinity"


def _loads_with_words(text: bytes, error: orjson.JSONDecodeError) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the message of the first parser has the position too
        _reject(error)


def _reject(error: orjson.JSONDecodeError) -> NoReturn:
    raise InputError(f"body: not JSON: {error}") from None
