"""Steps over categories: codes, one-hot columns, numbers by category."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from pretzel.plan.builder.arrays import array_of, floats, parameter, strings
from pretzel.plan.builder.steps import Steps
from pretzel.plan.parameter import Parameter


class CategorySteps(Steps):
    """Methods of a value that is a category: one text or one number per row."""

    __slots__ = ()

    def lookup(
        self, keys: Any, *, nan_code: int = -1, none_code: int = -1, refuse_unknown: bool = False, column: str = ""
    ) -> Self:
        """Return the position of each value among distinct ``keys``, -1 if it is not: one value to one i64 per row.

        Args:
            keys: texts, or numbers, which become those of the type of the value.
            nan_code: the code of NaN.
            none_code: the code of None.
            refuse_unknown: a value without a code is an error of the request.
            column: the name of the column, for that error.
        """
        fields: dict[str, Any] = {
            "nan_code": nan_code,
            "none_code": none_code,
            "refuse_unknown": refuse_unknown,
            "column": column,
        }
        return self.step("lookup", keys=self.argument("lookup", "keys", self._keys, keys), **fields)

    def one_hot(self, categories: Any, *, unknown: str = "ignore", dtype: str = "f64") -> Self:
        """Return a one in the column of each category: one value per row, or a matrix, to sparse rows.

        Args:
            categories: the category of each column; of a matrix, one list per column.
            unknown: ``ignore`` (only zeros) or ``error`` (of the request) for other values.
            dtype: f32, f64 or i64.
        """

        def columns(codes: Self, n: int) -> Self:
            return codes.step("one_hot", width=n, dtype=dtype)

        return self._encoded("one_hot", categories, unknown, columns)

    def ordinal(self, categories: Any, *, unknown: float | str = "error", dtype: str = "f64") -> Self:
        """Return the number of each category, from 0: one value per row, or a matrix, to numbers of ``dtype``.

        ``unknown`` is ``error`` (of the request), or the number of other values; ``categories`` as of :meth:`one_hot`.
        """
        if unknown == "error":
            return self._encoded("ordinal", categories, "error", lambda codes, n: codes.step("cast", dtype=dtype))
        other = self.argument("ordinal", "unknown", float, unknown)

        def numbered(codes: Self, n: int) -> Self:
            table = self.argument("ordinal", "dtype", array_of, np.arange(n), dtype)
            return codes.step("take", table=table, default=other, called="ordinal")

        return self._encoded("ordinal", categories, "ignore", numbered)

    def take(self, table: Any, default: float = float("nan")) -> Self:
        """Return the row of ``table``, ``[n]`` or ``[n, k]``, at each code; ``default`` for codes outside it."""
        return self.step("take", table=self.argument("take", "table", parameter, table), default=default)

    def codes_one_hot(self, width: int, *, dtype: str = "f64") -> Self:
        """Return a one in the column of each code: i64 to sparse rows of ``width`` columns."""
        return self.step("one_hot", width=width, dtype=dtype, called="codes_one_hot")

    def _keys(self, keys: Any) -> Parameter:
        if isinstance(keys, Parameter):
            return keys
        if self.type.is_text:
            return strings(keys)
        numbers = floats(keys).array
        return Parameter.of(numbers.astype(self.type.numpy, copy=False))

    def _encoded(self, called: str, categories: Any, unknown: str, encode: Callable[[Self, int], Self]) -> Self:
        if unknown not in ("ignore", "error"):
            raise self.misused(called, f"unknown: expected 'ignore' or 'error', got {unknown!r:.40}")
        lists: Sequence[Any] = [categories] if self.type.width is None else list(categories)
        if len(lists) != self.type.columns:
            raise self.misused(called, f"categories: expected {self.type.columns} lists, got {len(lists)}")
        refuse, parts = unknown == "error", list[Self]()
        for i, keys in enumerate(lists):
            column = self if self.type.width is None else self.step("column", index=i, called=called)
            found = self.argument(called, "categories", column._keys, keys)
            codes = column.step("lookup", keys=found, refuse_unknown=refuse, column=self._named(i), called=called)
            parts.append(encode(codes, len(found)))
        return parts[0] if self.type.width is None else parts[0].step("concat", *parts[1:], called=called)

    def _named(self, i: int) -> str:
        return self.names[i] if i < len(self.names) == self.type.columns else ""
