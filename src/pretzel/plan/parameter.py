"""Define parameters: immutable arrays and string tables, each with the canonical blob that is stored under its digest.

A blob is a header of 64 bytes and a payload.  Header: eight bytes of magic, a dtype code, the number of dimensions,
six zero bytes, and six little-endian int64 of shape.  Payload: the elements, little-endian and row-major; for ``str``
int64 offsets (one more than the number of strings) and then the UTF-8 bytes.  Derived blobs (hash tables, forest
layouts) are plain arrays, so no other format needs a parser.
"""

from __future__ import annotations

import math
import struct
import weakref
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from pretzel.errors import CorruptObjectError, DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.types import DTYPE_NAMES, NUMPY_DTYPES

MAGIC = b"PRETZEL\x01"
HEADER = struct.Struct("<8sBB6x6q")
MAX_DIMENSIONS = 6
MAX_ELEMENTS = 1 << 59
SAMPLED_FROM = 4096
"""Size in bytes from which a blob is compared with a known one before it is hashed: comparing is much faster."""
_CODES = {name: code for code, name in enumerate([*NUMPY_DTYPES, "str"])}
_NAMES = {code: name for name, code in _CODES.items()}


class Parameter:
    """One immutable array (or table of strings) under its digest; equal parameters are the same object."""

    __slots__ = ("__dict__", "__weakref__", "blob", "digest", "dtype", "shape")
    _interned: weakref.WeakValueDictionary[Digest, Parameter] = weakref.WeakValueDictionary()
    _sampled: weakref.WeakValueDictionary[bytes, Parameter] = weakref.WeakValueDictionary()
    """Parameters that were made from arrays, by some of their bytes, so that equal arrays are hashed once."""

    digest: Digest
    dtype: str
    shape: tuple[int, ...]
    blob: bytes | memoryview

    def __new__(cls, blob: bytes | memoryview, digest: Digest | None = None) -> Parameter:
        """Return the parameter stored as ``blob``; pass ``digest`` only if it was checked against these bytes.

        Raises:
            CorruptObjectError: the bytes are not a blob.
        """
        digest = digest or Digest.of(blob)
        existing = cls._interned.get(digest)
        return cls._interned.setdefault(digest, cls.apart(blob, digest)) if existing is None else existing

    @classmethod
    def apart(cls, blob: bytes | memoryview, digest: Digest) -> Parameter:
        """Return a parameter over these very bytes, which are checked, although an equal one may exist.

        Raises:
            CorruptObjectError: the bytes are not a blob.
        """
        self = super().__new__(cls)
        self.dtype, self.shape = _read_header(blob)
        self.blob, self.digest = blob, digest
        return self

    @classmethod
    def of(cls, value: np.ndarray | Sequence[str] | Any) -> Parameter:
        """Return a parameter with a copy of a numeric array or a list of strings.

        Raises:
            DefinitionError: the dtype or the number of dimensions has no blob form.
        """
        if isinstance(value, Parameter):
            return value
        if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value) and value:
            return cls._from_packed(_pack_strings(value))
        return cls._from_packed(_pack_array(np.asarray(value)))

    @classmethod
    def forget(cls, digests: Iterable[Digest]) -> None:
        """Drop these parameters from the interning table, because the bytes they were read from are damaged."""
        for digest in digests:
            cls._interned.pop(digest, None)

    @classmethod
    def strings(cls, values: Sequence[str]) -> Parameter:
        """Return a string table of ``values``, which may be empty.

        Raises:
            DefinitionError: a string holds a lone surrogate, which UTF-8 cannot carry.
        """
        return cls._from_packed(_pack_strings(values))

    @classmethod
    def _from_packed(cls, blob: bytes) -> Parameter:
        if len(blob) < SAMPLED_FROM:
            return cls(blob)
        sample = _sample(blob)
        known = cls._sampled.get(sample)
        if known is None or known.blob != blob:
            known = cls._sampled[sample] = cls(blob)
        return known

    @cached_property
    def array(self) -> np.ndarray:
        """The elements as a read-only array over the blob (no copy); for strings use :attr:`texts`."""
        if self.dtype == "str":
            raise TypeError("a string table has no numeric array")
        array = np.frombuffer(self.blob, NUMPY_DTYPES[self.dtype], offset=HEADER.size).reshape(self.shape)
        array.flags.writeable = False
        return array

    @cached_property
    def offsets(self) -> np.ndarray:
        """The start of each string in :attr:`utf8`, and the end of the last one."""
        return np.frombuffer(self.blob, "<i8", count=self.shape[0] + 1, offset=HEADER.size)

    @cached_property
    def utf8(self) -> np.ndarray:
        """The concatenated bytes of all strings, as uint8."""
        return np.frombuffer(self.blob, np.uint8, offset=HEADER.size + 8 * (self.shape[0] + 1))

    @property
    def texts(self) -> list[str]:
        """The strings of a table, decoded at each call: a plan should not keep a list of objects.

        Raises:
            CorruptObjectError: one is not UTF-8.
        """
        data, offsets = self.utf8.tobytes(), self.offsets.tolist()
        try:
            return [data[a:b].decode() for a, b in zip(offsets, offsets[1:], strict=False)]
        except UnicodeDecodeError as error:
            raise CorruptObjectError(f"blob str{list(self.shape)}: a string is not UTF-8: {error}") from None

    @property
    def nbytes(self) -> int:
        """Size of the blob in bytes."""
        return self.digest.size

    def __len__(self) -> int:
        """Return the length of the first dimension."""
        return self.shape[0] if self.shape else 1

    def __repr__(self) -> str:
        """Return the type and the short digest."""
        return f"<Parameter {self.dtype}{list(self.shape)} {self.digest.short}>"


def _sample(blob: bytes) -> bytes:
    """Return the header and some of the payload, by which most blobs differ."""
    middle = len(blob) // 2
    return b"".join([blob[:128], blob[middle : middle + 64], blob[-64:]])


def _pack_array(array: np.ndarray) -> bytes:
    if array.dtype.kind in "US":
        return _pack_strings([str(item) for item in array.ravel()])
    dtype = array.dtype.newbyteorder("<")
    name = DTYPE_NAMES.get(dtype)
    if name is None or array.ndim > MAX_DIMENSIONS:
        raise DefinitionError(f"parameter of dtype {array.dtype}, {array.ndim}-d: expected a number type, at most 6-d")
    shape = array.shape + (0,) * (MAX_DIMENSIONS - array.ndim)
    header = HEADER.pack(MAGIC, _CODES[name], array.ndim, *shape)
    return b"".join([header, np.ascontiguousarray(array, dtype).reshape(-1).view(np.uint8).data])


def _pack_strings(values: Sequence[str]) -> bytes:
    try:
        encoded = [value.encode() for value in values]
    except UnicodeEncodeError as error:
        raise DefinitionError(f"string {error.object!r} holds a lone surrogate, which UTF-8 cannot carry") from None
    offsets = np.zeros(len(encoded) + 1, "<i8")
    np.cumsum([len(piece) for piece in encoded], out=offsets[1:])
    header = HEADER.pack(MAGIC, _CODES["str"], 1, len(encoded), 0, 0, 0, 0, 0)
    return b"".join([header, offsets.tobytes(), *encoded])


def _read_header(blob: bytes | memoryview) -> tuple[str, tuple[int, ...]]:
    if len(blob) < HEADER.size:
        raise CorruptObjectError(f"blob of {len(blob)} bytes: a header takes {HEADER.size}")
    magic, code, dimensions, *sizes = HEADER.unpack_from(blob)
    name = _NAMES.get(code)
    unused = any(blob[10:16]) or any(sizes[dimensions:])
    if magic != MAGIC or name is None or dimensions > MAX_DIMENSIONS or min(sizes) < 0 or unused:
        raise CorruptObjectError(f"blob header {bytes(blob[:16]).hex()}: not written by this version of Pretzel")
    shape = tuple(sizes[:dimensions])
    payload = len(blob) - HEADER.size
    _check_strings(blob, shape, payload) if name == "str" else _check_size(name, shape, payload)
    return name, shape


def _check_size(name: str, shape: tuple[int, ...], payload: int) -> None:
    size = math.prod(shape) * NUMPY_DTYPES[name].itemsize
    # NumPy limits the product of the other dimensions of an empty array too.
    if size != payload or math.prod(n or 1 for n in shape) > MAX_ELEMENTS:
        raise CorruptObjectError(f"blob {name}{list(shape)}: expected {size} bytes of payload, found {payload}")


def _check_strings(blob: bytes | memoryview, shape: tuple[int, ...], payload: int) -> None:
    if len(shape) != 1 or 8 * (shape[0] + 1) > payload:
        raise CorruptObjectError(f"blob str{list(shape)}: {payload} bytes cannot hold its offsets")
    offsets = np.frombuffer(blob, "<i8", count=shape[0] + 1, offset=HEADER.size)
    total = payload - 8 * (shape[0] + 1)
    if offsets[0] != 0 or offsets[-1] != total or (np.diff(offsets) < 0).any():
        raise CorruptObjectError(f"blob str{list(shape)}: offsets do not run from 0 to {total}")
