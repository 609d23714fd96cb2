"""Tensors of the Open Inference Protocol: random ones, those of a JSON file, and their encodings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.loadgen.protocols.columns import sentences

_NUMPY = {
    "BOOL": np.bool_,
    **{f"INT{bits}": np.dtype(f"i{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": np.dtype(f"u{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": np.dtype(f"f{bits // 8}") for bits in (16, 32, 64)},
}
_OPEN_WIDTH = 8
"""Length of a dimension that the model leaves open, after the first."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input of a request."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: list[Any]

    @classmethod
    def random(cls, name: str, datatype: str, shape: Sequence[int], rows: int) -> Tensor:
        """Return a tensor of a model's input with so many rows; the same for the same arguments.

        Raises:
            InputError: the datatype is unknown.
        """
        sizes = tuple(_OPEN_WIDTH if size < 0 else size for size in shape)
        if shape and shape[0] < 0:
            sizes = (rows, *sizes[1:])
        return cls(name, datatype, sizes, _random(name, datatype, int(np.prod(sizes, dtype=np.int64))))

    def raw(self) -> bytes:
        """Return the contents as the protocol's raw bytes."""
        if self.datatype == "BYTES":
            texts = [str(value).encode() for value in self.values]
            return b"".join(len(text).to_bytes(4, "little") + text for text in texts)
        return np.array(self.values, _dtype(self.name, self.datatype)).tobytes()

    def json(self) -> dict[str, Any]:
        """Return the tensor as the protocol has it in JSON."""
        return {"name": self.name, "shape": list(self.shape), "datatype": self.datatype, "data": self.values}


def _dtype(name: str, datatype: str) -> Any:
    if datatype not in _NUMPY:
        known = ", ".join(("BYTES", *_NUMPY))
        raise InputError(f"input {name!r}: datatype {datatype!r}, expected one of {known}")
    return _NUMPY[datatype]


def _random(name: str, datatype: str, count: int) -> list[Any]:
    random = np.random.default_rng(0)
    if datatype == "BYTES":
        return sentences(count, random)
    values = random.normal(size=count)
    if not datatype.startswith("FP"):
        values = np.abs(values * 10)
    drawn: list[Any] = values.astype(_dtype(name, datatype)).tolist()
    return drawn


def read_tensors(path: Path) -> list[Tensor]:
    """Read the inputs of a request from a JSON file: the body of `POST /v2/models/NAME/infer`.

    Raises:
        InputError: it is not such a body.
    """
    try:
        inputs = json.loads(path.read_text())["inputs"]
        return [_of_json(item) for item in inputs]
    except (ValueError, KeyError, TypeError) as error:
        wanted = '{"inputs": [{"name": ..., "shape": [...], "datatype": ..., "data": [...]}]}'
        problem = f"{path}: expected {wanted}, the body of a request ({type(error).__name__}: {error})"
        raise InputError(problem) from None


def _of_json(item: dict[str, Any]) -> Tensor:
    shape = tuple(int(size) for size in item["shape"])
    values = list(np.array(item["data"], dtype=object).ravel())
    if len(values) != np.prod(shape, dtype=np.int64):
        raise ValueError(f"input {item['name']!r} has {len(values)} values for shape {list(shape)}")
    return Tensor(str(item["name"]), str(item["datatype"]), shape, values)
