"""Read learned parameters from files: NumPy, safetensors, JSON, and lists of terms; no code in a file is run."""

from __future__ import annotations

import json
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pretzel.errors import InputError

_SAFETENSORS = {
    "BOOL": "?", "I8": "<i1", "I16": "<i2", "I32": "<i4", "I64": "<i8",
    "U8": "<u1", "U16": "<u2", "U32": "<u4", "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
FAILURES = (
    *(ValueError, KeyError, TypeError, AttributeError, EOFError, RecursionError, MemoryError),
    *(struct.error, zipfile.BadZipFile, zlib.error),
)
"""Errors that parsers raise for damaged files."""
MOST_HEADER = 100_000_000
"""Bytes of the header of a safetensors file, the limit of that format."""


def weights(path: str | os.PathLike[str]) -> Any:
    """Return the parameters in a file, by the ending of its name.

    ``.npy``: an array.  ``.npz``, ``.safetensors``: arrays by name.  ``.json``: lists and numbers by name, nested as
    written.  ``.txt``: one text per line, such as the terms of a vocabulary.

    Raises:
        InputError: the ending is unknown, or the file is not in that format; the message names it.
        OSError: the file cannot be read.
    """
    path = Path(path)
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise InputError(f"{path}: expected a file that ends in {', '.join(_READERS)}; save the arrays as .npz")
    try:
        return read(path)
    except FAILURES as error:
        raise InputError(f"{path}: it cannot be read as {path.suffix.lower()}: {error}") from None


def _array(path: Path) -> np.ndarray:
    values: np.ndarray = np.load(path, allow_pickle=False)
    if not isinstance(values, np.ndarray):
        raise ValueError("it holds several arrays; name it .npz")
    return values


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as archive:
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it holds one array; name it .npy")
        return {name: archive[name] for name in archive.files}


def _json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _safetensors(path: Path) -> dict[str, np.ndarray]:
    return tensors_in(path.read_bytes())


def tensors_in(data: bytes) -> dict[str, np.ndarray]:
    """Return the arrays in the bytes of a safetensors file; it raises one of ``FAILURES`` if they are damaged."""
    (length,) = struct.unpack_from("<Q", data)
    if length > min(MOST_HEADER, len(data) - 8):
        raise ValueError(f"its header has {length} bytes, and the file {len(data)}")
    header, payload = json.loads(data[8 : 8 + length]), memoryview(data)[8 + length :]
    return {name: _tensor(name, facts, payload) for name, facts in header.items() if name != "__metadata__"}


def _tensor(name: str, facts: Mapping[str, Any], payload: memoryview) -> np.ndarray:
    """Return one array of a safetensors file, copied."""
    if facts["dtype"] not in _SAFETENSORS:
        raise ValueError(f"{name!r} has type {facts['dtype']!r:.20}; convert it to F32 or F64")
    dtype, shape = np.dtype(_SAFETENSORS[facts["dtype"]]), [int(size) for size in facts["shape"]]
    begin, end = facts["data_offsets"]
    fits = 0 <= begin <= end <= len(payload) and min(shape, default=0) >= 0
    if not fits or end - begin != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name!r}: {end - begin} bytes at {begin} do not hold {dtype} of shape {shape}")
    return np.frombuffer(payload[begin:end], dtype).reshape(shape).copy()


_READERS: dict[str, Callable[[Path], Any]] = {
    ".npy": _array,
    ".npz": _arrays,
    ".safetensors": _safetensors,
    ".json": _json,
    ".txt": _lines,
}
