"""Linear operator with compressed weights, an option of a deployment."""

from __future__ import annotations

import numpy as np

from pretzel.plan.node import Node
from pretzel.plan.ops.dense import NORMS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["CompactLinear"]

WEIGHTS = ("f64", "f32", "u16")
COLUMNS_A_WORD = 64


class CompactLinear(Node):
    """``x @ weights + bias``, or ``(x @ weights) / norm(x) + bias``, with each weight widened on use.

    Each sum runs over the columns of a row in order, in the type of the result.  A column that is not kept does not
    contribute to the product, whatever its value, but does to the norm.
    """

    x: Node
    weights: Parameter
    """One row per kept column, ``[kept]`` or ``[kept, k]``: f64, f32, or u16, the bits of finite IEEE halves."""
    kept: Parameter | None = None
    """``u64[words]``: bit ``c % 64`` of word ``c // 64`` is set if column c has weights; None: all columns do."""
    bias: Parameter | None = None
    """``[1]`` or ``[k]`` floats."""
    norm: str = ""
    """One of l1, l2, max; a row with norm zero is not divided.  Empty: no norm."""
    dtype: str = "f64"
    """Type of the result: f32 only if x is f32."""
    compute_bound = True
    linear = True

    def infer(self) -> ValueType:
        """Floats in, dense floats of ``dtype`` out."""
        t = self.x.type
        if not t.is_float or self.dtype not in ("f32", "f64") or (self.dtype == "f32" and t.dtype == "f64"):
            raise self.fail(f"x: {t} cannot be computed in {self.dtype!r}")
        if self.norm and self.norm not in NORMS:
            raise self.fail(f"norm: expected none or one of {', '.join(NORMS)}, got {self.norm!r}")
        shape = self.weights.shape
        if self.weights.dtype not in WEIGHTS or len(shape) not in (1, 2):
            raise self.fail(f"weights: expected {' or '.join(WEIGHTS)} in one or two dimensions, got {self.weights!r}")
        if shape[0] != self._kept(t.columns):
            raise self.fail(f"weights: {shape[0]} rows for {self._kept(t.columns)} columns of {t}")
        k = shape[1] if len(shape) == 2 else None
        if self.bias is not None and (self.bias.shape != (k or 1,) or self.bias.dtype not in ("f32", "f64")):
            raise self.fail(f"bias: expected floats of shape ({k or 1},), got {self.bias!r}")
        return dense(self.dtype, k)

    def _kept(self, width: int) -> int:
        """Return the number of columns with weights."""
        if self.kept is None:
            return width
        words = -(-width // COLUMNS_A_WORD)
        if self.kept.dtype != "u64" or self.kept.shape != (words,):
            raise self.fail(f"kept: expected u64[{words}], got {self.kept!r}")
        bits = np.unpackbits(self.kept.array.view(np.uint8), bitorder="little")
        if bits[width:].any():
            raise self.fail(f"kept: names a column beyond the {width} of x")
        return int(bits.sum())
