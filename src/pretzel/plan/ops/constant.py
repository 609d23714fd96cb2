"""Operator with the same result for every row."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType, dense

__all__ = ["Constant"]


class Constant(Node):
    """The same numbers for each row, independent of x (``sklearn.dummy``, priors)."""

    x: Node
    row: Parameter
    """``[1]`` for one number per row, ``[1, k]`` for k columns."""

    def infer(self) -> ValueType:
        """Anything in, numbers of the type of ``row`` out."""
        shape = self.row.shape
        if self.row.dtype == "str" or len(shape) not in (1, 2) or shape[0] != 1:
            raise self.fail(f"row: expected numbers, [1] or [1, k], got {self.row.dtype}{list(shape)}")
        return dense(self.row.dtype, shape[1] if len(shape) == 2 else None)
