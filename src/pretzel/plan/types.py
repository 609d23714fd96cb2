"""Types of the values between operators: element type, layout and width, known before any row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Self

import numpy as np

from pretzel.errors import DefinitionError

Layout = Literal["dense", "sparse", "ragged"]

NUMPY_DTYPES: dict[str, np.dtype] = {
    "bool": np.dtype("?"),
    "i8": np.dtype("<i1"), "i16": np.dtype("<i2"), "i32": np.dtype("<i4"), "i64": np.dtype("<i8"),
    "u8": np.dtype("<u1"), "u16": np.dtype("<u2"), "u32": np.dtype("<u4"), "u64": np.dtype("<u8"),
    "f32": np.dtype("<f4"), "f64": np.dtype("<f8"),
}  # fmt: skip
DTYPE_NAMES: dict[np.dtype, str] = {dtype: name for name, dtype in NUMPY_DTYPES.items()}

MAX_WIDTH = 2**31 - 1  # sparse column indices are int32, as SciPy's are
_TEXT = re.compile(r"(\w+)(?:\[(\*|\d{1,10})\]|\{(\d{1,10})\})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of one value, the same for every row.

    ``f64`` is one number per row (an array of shape ``(rows,)``), ``f64[3]`` three (``(rows, 3)``), ``f32{9}`` a sparse
    row of nine columns, ``str`` one text per row, ``str[2]`` two, ``str[*]`` a list of texts of any length, and
    ``f64[*]`` a list of numbers.
    """

    dtype: str
    width: int | None = None
    layout: Layout = "dense"

    def __post_init__(self) -> None:
        """Reject combinations that no value has."""
        if self.dtype not in NUMPY_DTYPES and self.dtype != "str":
            raise DefinitionError(f"type {self.dtype[:40]!r}: expected one of str, {', '.join(NUMPY_DTYPES)}")
        if self.width is not None and not 0 <= self.width <= MAX_WIDTH:
            raise DefinitionError(f"type {self.dtype}: width {self.width} is not in 0..{MAX_WIDTH}")
        if self.layout == "ragged" and (self.dtype not in ("str", "f64") or self.width is not None):
            raise DefinitionError(f"type {self.dtype}: only str and f64 can be ragged, and without a width")
        if self.layout == "sparse" and (self.dtype not in ("f32", "f64", "i64") or self.width is None):
            raise DefinitionError(f"type {self.dtype}: sparse rows hold f32, f64 or i64 and need a width")

    @classmethod
    @lru_cache(1024)
    def parse(cls, text: str) -> Self:
        """Read what ``str()`` wrote.

        Raises:
            DefinitionError: the text is not a type.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise DefinitionError(f"type {text[:40]!r}: expected a form like f64, f64[3], f32{{9}}, str or str[*]")
        dtype, dense, sparse = match.groups()
        if dense == "*":
            return cls(dtype, None, "ragged")
        if sparse is not None:
            return cls(dtype, int(sparse), "sparse")
        return cls(dtype, None if dense is None else int(dense))

    def __str__(self) -> str:
        """Return the short form, as in ``f64[3]``."""
        if self.layout == "ragged":
            return f"{self.dtype}[*]"
        if self.layout == "sparse":
            return f"{self.dtype}{{{self.width}}}"
        return self.dtype if self.width is None else f"{self.dtype}[{self.width}]"

    @property
    def columns(self) -> int:
        """Number of columns; 1 for a single value per row."""
        return 1 if self.width is None else self.width

    @property
    def is_text(self) -> bool:
        """True if the elements are texts."""
        return self.dtype == "str"

    @property
    def is_float(self) -> bool:
        """True if a row is one or more f32 or f64 numbers, dense or sparse."""
        return self.dtype in ("f32", "f64") and self.layout != "ragged"

    @property
    def numpy(self) -> np.dtype:
        """The NumPy dtype of the elements; not defined for texts."""
        return NUMPY_DTYPES[self.dtype]


def dense(dtype: str, width: int | None = None) -> ValueType:
    """Return a dense type: ``dense("f64", 3)`` is ``f64[3]``."""
    return ValueType(dtype, width)


def sparse(dtype: str, width: int) -> ValueType:
    """Return a sparse type: ``sparse("f32", 9)`` is ``f32{9}``."""
    return ValueType(dtype, width, "sparse")


def is_small(kind: object) -> bool:
    """Return whether this is a NumPy integer or boolean dtype that promotes to float32 when combined with float32."""
    return isinstance(kind, np.dtype) and kind.kind in "iub" and kind.itemsize <= 2 and kind in DTYPE_NAMES


TEXT = ValueType("str")
TOKENS = ValueType("str", None, "ragged")
NUMBERS = ValueType("f64", None, "ragged")
