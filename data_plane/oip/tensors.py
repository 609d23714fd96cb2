"""Input tensors as they arrive: typed contents, raw bytes, or bytes of a shared memory region."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from pretzel.data_plane.oip.datatypes import BYTES, DTYPES, TYPED, converted, widened
from pretzel.data_plane.oip.faults import dims, quoted, wrong
from pretzel.errors import InputError
from pretzel.plan.values import Texts
from pretzel.plan.wire.columns import MAX_EMPTY_ROWS

_LENGTH = struct.Struct("<I")
_MOST_DIMS = 8
_BATCH = 1 << 14
"""Elements converted at once: one call over all of them would hold the interpreter, and with it the event loop."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input: its elements in row-major order."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    elements: np.ndarray | Texts
    """Numbers in this shape, or texts without one."""

    @property
    def rows(self) -> int:
        """The size of the batch dimension."""
        return self.shape[0]


def shape_of(message: Any, model: str) -> tuple[int, ...]:
    """Return the shape of an input.

    Raises:
        InputError: it has no batch dimension, a negative size, or a datatype that does not exist.
    """
    shape = tuple(message.shape)
    if message.datatype not in DTYPES and message.datatype != BYTES:
        raise wrong(message.name, f"input {quoted(message.name)}: unknown datatype '{message.datatype[:20]}'")
    empty = not prod(shape) and any(size > MAX_EMPTY_ROWS for size in shape)
    if not 1 <= len(shape) <= _MOST_DIMS or min(shape) < 0 or empty:
        problem = f"unexpected shape {dims(shape)} for input {quoted(message.name)} for model {quoted(model)}: "
        raise wrong(message.name, f"{problem}expected [rows] or [rows,columns]")
    return shape


def read_raw(message: Any, raw: bytes, model: str) -> Tensor:
    """Return the tensor with these raw contents.

    Raises:
        InputError: their size does not fit the shape, or an element is invalid.
    """
    name, datatype, shape = message.name, message.datatype, shape_of(message, model)
    count = prod(shape)
    if datatype == BYTES:
        return Tensor(name, datatype, shape, _texts(_split(raw, count, name, model), shape, name))
    dtype = DTYPES[datatype]
    if len(raw) != count * dtype.itemsize:
        raise _wrong_size(name, model, count * dtype.itemsize, len(raw))
    elements = np.frombuffer(raw, dtype)
    if datatype == "BOOL" and (elements.view(np.uint8) > 1).any():
        raise wrong(name, f"input {quoted(name)} for model {quoted(model)}: a BOOL is neither 0 nor 1")
    return Tensor(name, datatype, shape, widened(datatype, elements).reshape(shape))


def read_typed(message: Any, model: str) -> Tensor:
    """Return the tensor with the typed contents of its message.

    Raises:
        InputError: another field is filled, their number does not fit the shape, or one is outside the datatype.
    """
    name, datatype, shape = message.name, message.datatype, shape_of(message, model)
    _check_fields(message, model)
    contents = getattr(message.contents, TYPED[datatype])
    if len(contents) != prod(shape):
        expected = f"Expected {prod(shape)} elements of {datatype}, got {len(contents)}"
        raise wrong(
            name, f"unexpected number of elements for input {quoted(name)} for model {quoted(model)}. {expected}"
        )
    if datatype == BYTES:
        return Tensor(name, datatype, shape, _texts(list(contents), shape, name))
    dtype = DTYPES[datatype]
    wide = np.dtype(f"<{dtype.kind}4") if dtype.itemsize < 4 and dtype.kind in "iu" else dtype
    elements = converted(_numbers(contents, wide).reshape(shape), dtype)
    if isinstance(elements, int):
        raise wrong(name, f"input {quoted(name)} for model {quoted(model)}, row {elements}: outside {datatype}")
    return Tensor(name, datatype, shape, elements)


def _check_fields(message: Any, model: str) -> None:
    field = TYPED.get(message.datatype)
    if field is None:
        problem = f"input {quoted(message.name)} for model {quoted(model)}: {message.datatype} has raw contents only"
        raise wrong(message.name, problem)
    for filled, _ in message.contents.ListFields():
        if filled.name != field:
            problem = f"input {quoted(message.name)} for model {quoted(model)}: expected {field} for "
            raise wrong(message.name, f"{problem}{message.datatype}, got {filled.name}")


def _numbers(contents: Sequence[Any], dtype: np.dtype) -> np.ndarray:
    numbers = np.empty(len(contents), dtype)
    for at in range(0, len(contents), _BATCH):
        numbers[at : at + _BATCH] = contents[at : at + _BATCH]
    return numbers


def _split(raw: bytes, count: int, name: str, model: str) -> list[bytes]:
    """Return the elements of raw BYTES: each is its length in four bytes, then its content."""
    if count * _LENGTH.size > len(raw):
        raise _wrong_size(name, model, count * _LENGTH.size, len(raw), "at least ")
    read, pieces, at = _LENGTH.unpack_from, [], 0
    for _ in range(count):
        if at + 4 > len(raw):
            raise _wrong_size(name, model, at + 4, len(raw), "at least ")
        start = at + 4
        at = start + read(raw, at)[0]
        pieces.append(raw[start:at])
    if at != len(raw):
        raise _wrong_size(name, model, at, len(raw))
    return pieces


def _texts(pieces: Sequence[bytes], shape: tuple[int, ...], name: str) -> Texts:
    batches = [pieces[at : at + _BATCH] for at in range(0, len(pieces), _BATCH)]
    data = b"".join([b"".join(batch) for batch in batches])
    if not data.isascii():
        _check_utf8(pieces, prod(shape[1:]), name)
    lengths = [np.fromiter(map(len, batch), np.uint32, len(batch)) for batch in batches]
    return Texts(np.frombuffer(data, np.uint8), np.concatenate(lengths) if lengths else np.zeros(0, np.uint32))


def _check_utf8(pieces: Sequence[bytes], width: int, name: str) -> None:
    for i, piece in enumerate(pieces):
        try:
            piece.decode()
        except UnicodeDecodeError as error:
            row = i // max(width, 1)
            raise wrong(name, f"input {quoted(name)}, row {row}: not UTF-8 ({error.reason})") from None


def _wrong_size(name: str, model: str, expected: int, got: int, bound: str = "") -> InputError:
    problem = f"input byte size mismatch for input {quoted(name)} for model {quoted(model)}."
    return wrong(name, f"{problem} Expected {bound}{expected}, got {got}")
