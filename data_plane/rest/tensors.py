"""Tensors in JSON: the data of inputs to raw contents, and raw contents of outputs to data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

from pretzel.data_plane.oip.datatypes import BYTES, DTYPES
from pretzel.data_plane.oip.encoding import encoded
from pretzel.data_plane.oip.faults import dims, quoted, wrong
from pretzel.data_plane.rest.json_text import INFINITIES, kind_of, numbers
from pretzel.errors import InputError

_DEPTH = 8
"""Most dimensions of a tensor."""


def raw_of(name: str, datatype: str, shape: tuple[int, ...], data: Any) -> bytes:
    """Return the raw contents of a tensor whose data is a list, flat or nested.

    Raises:
        InputError: an element does not belong to the datatype, or their number does not fit the shape.
    """
    if not isinstance(data, list):
        raise wrong(name, f"input {quoted(name)}: expected data as an array, got {kind_of(data)}")
    if datatype == BYTES:
        return encoded(_utf8(name, value, i) for i, value in enumerate(_counted(name, shape, list(_flat(data)))))
    dtype = DTYPES.get(datatype)
    if dtype is None or datatype == "BF16":
        known = "only binary data" if dtype else f"unknown datatype '{datatype[:20]}'"
        raise wrong(name, f"input {quoted(name)}: {known if dtype is None else f'{datatype} has {known}'}")
    return array_of(name, datatype, shape, data).tobytes()


def array_of(name: str, datatype: str, shape: tuple[int, ...], data: list[Any]) -> np.ndarray:
    """Return the numbers of a tensor, flat.

    Raises:
        InputError: as :func:`raw_of`.
    """
    dtype = DTYPES[datatype]
    array = _plain(data, dtype)
    if array is None:
        values = _counted(name, shape, list(_flat(data)))
        return np.array([_number(name, datatype, value, i) for i, value in enumerate(values)], dtype)
    if array.size != math.prod(shape):
        raise _wrong_count(name, shape, array.size)
    return array.reshape(-1)


def data_of(datatype: str, raw: bytes) -> Any:
    """Return the data of raw contents as JSON has it; texts are strings."""
    if datatype == BYTES:
        return [piece.decode() for piece in pieces(raw)]
    return numbers(np.frombuffer(raw, DTYPES[datatype]))


def pieces(raw: bytes) -> Iterator[bytes]:
    """Yield the elements of raw BYTES that this server wrote."""
    at = 0
    while at < len(raw):
        end = at + 4 + int.from_bytes(raw[at : at + 4], "little")
        yield raw[at + 4 : end]
        at = end


def pieces_of(name: str, raw: bytes) -> list[bytes]:
    """Return the elements of raw BYTES that a client wrote.

    Raises:
        InputError: a length exceeds the rest.
    """
    found, at = [], 0
    while at < len(raw):
        end = at + 4 + int.from_bytes(raw[at : at + 4], "little")
        if end > len(raw):
            raise wrong(name, f"input {quoted(name)}: an element ends {end - len(raw)} bytes behind the binary data")
        found.append(raw[at + 4 : end])
        at = end
    return found


def _plain(data: list[Any], dtype: np.dtype) -> np.ndarray | None:
    """Return numbers that NumPy converts as they are meant; None for others, which are looked at one by one."""
    try:
        array = np.asarray(data)
    except (ValueError, OverflowError):  # rows of different lengths
        return None
    if not array.size:
        return np.zeros(0, dtype)
    if dtype.kind != "b" and bool in _types(data):  # NumPy makes numbers of booleans among numbers
        return None
    if array.dtype == dtype:
        return array
    if dtype.kind == "f" and array.dtype.kind in "iu":
        return array.astype(dtype) if dtype.itemsize == 8 else None
    if dtype.kind == "f" and array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            cast = array.astype(dtype)
        return cast if np.isfinite(cast).all() else None
    if dtype.kind in "iu" and array.dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        inside = array.min() >= bounds.min and array.max() <= bounds.max
        return array.astype(dtype) if inside else None
    return None


def _types(data: list[Any]) -> set[type]:
    types = {*map(type, data)}
    while types == {list}:
        data = list(chain.from_iterable(data))
        types = {*map(type, data)}
    return types


def _number(name: str, datatype: str, value: Any, place: int) -> Any:
    dtype = DTYPES[datatype]
    if dtype.kind == "b":
        fits = isinstance(value, bool) or (isinstance(value, int) and value in (0, 1))
    elif dtype.kind == "f":
        value = math.nan if value is None else INFINITIES.get(value, value) if isinstance(value, str) else value
        fits = isinstance(value, int | float) and not isinstance(value, bool) and _in_float(value, dtype)
    else:
        value = int(value) if isinstance(value, float) and value.is_integer() else value
        fits = isinstance(value, int) and not isinstance(value, bool) and _in_integer(value, dtype)
    if not fits:
        shown = f" {str(value)[:40]}" if value is not None else ""
        raise wrong(name, f"input {quoted(name)}, element {place}: {kind_of(value)}{shown} is not in {datatype}")
    return value


def _in_integer(value: int, dtype: np.dtype) -> bool:
    bounds = np.iinfo(dtype)
    return bool(bounds.min <= value <= bounds.max)


def _in_float(value: float, dtype: np.dtype) -> bool:
    try:
        return math.isinf(value) or math.isnan(value) or abs(float(value)) <= float(np.finfo(dtype).max)
    except OverflowError:
        return False


def _flat(data: list[Any], depth: int = _DEPTH) -> Iterator[Any]:
    for item in data:
        if isinstance(item, list) and depth > 1:
            yield from _flat(item, depth - 1)
        else:
            yield item


def _counted(name: str, shape: tuple[int, ...], values: list[Any]) -> list[Any]:
    if len(values) != math.prod(shape):
        raise _wrong_count(name, shape, len(values))
    return values


def _wrong_count(name: str, shape: tuple[int, ...], got: int) -> InputError:
    problem = f"unexpected number of elements for input {quoted(name)} of shape {dims(shape)}."
    return wrong(name, f"{problem} Expected {math.prod(shape)}, got {got}")


def _utf8(name: str, value: Any, place: int) -> bytes:
    if not isinstance(value, str):
        hint = "; BYTES cannot express a missing text, /v1/models/NAME:predict can" if value is None else ""
        raise wrong(name, f"input {quoted(name)}, element {place}: expected a string, got {kind_of(value)}{hint}")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise wrong(name, f"input {quoted(name)}, element {place}: a lone surrogate, which is not Unicode") from None


def parameters_to(message: Any, parameters: Mapping[str, Any], where: str) -> None:
    """Copy parameters of JSON into a message.

    Raises:
        InputError: a value is neither a boolean, a number nor a string.
    """
    for name, value in parameters.items():
        target = message[name]
        if isinstance(value, bool):
            target.bool_param = value
        elif isinstance(value, int) and -(2**63) <= value < 2**63:
            target.int64_param = value
        elif isinstance(value, int) and 0 <= value < 2**64:
            target.uint64_param = value
        elif isinstance(value, int | float):
            target.double_param = float(value)
        elif isinstance(value, str):
            target.string_param = value
        else:
            problem = f"parameter {quoted(name)} of {where}: expected a boolean, a number or a string"
            raise wrong(name, f"{problem}, got {kind_of(value)}")
