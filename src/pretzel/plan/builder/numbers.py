"""Steps over numbers: scaling, missing values, functions, norms, bins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from pretzel.plan.builder.arrays import floats, parameter, positions
from pretzel.plan.builder.steps import Steps
from pretzel.plan.parameter import Parameter


class NumberSteps(Steps):
    """Methods of a value of numbers.  An argument per column is an array, or one number for all columns."""

    __slots__ = ()

    def scale(self, scale: Any, shift: Any = None) -> Self:
        """Return ``x * scale + shift`` per column, as ``MinMaxScaler``; sparse rows take no shift."""
        factors, added = self._each("scale", "scale", scale), self._each("scale", "shift", shift)
        return self.step("affine", scale=factors, shift=added, called="scale")

    def standardize(self, mean: Any = None, scale: Any = None) -> Self:
        """Return ``(x - mean) / scale`` per column, as ``StandardScaler``; None leaves a step out."""
        moments = [self._each("standardize", name, value) for name, value in (("mean", mean), ("scale", scale))]
        return self.step("standardize", mean=moments[0], scale=moments[1])

    def clip(self, low: Any, high: Any) -> Self:
        """Return each column clipped to ``low`` .. ``high``; NaN stays."""
        return self.step("clip", low=self._each("clip", "low", low), high=self._each("clip", "high", high))

    def impute(
        self, fill: Any, *, missing: float = float("nan"), missing_text: str | None = None, missing_none: bool = False
    ) -> Self:
        """Return missing values replaced by ``fill``, one per column, as ``SimpleImputer``: numbers or texts.

        Missing are NaN; numbers equal to ``missing``; texts equal to ``missing_text``; with ``missing_none`` None.
        """
        texts = [fill] * self.type.columns if isinstance(fill, str) else fill
        filled = self.argument("impute", "fill", parameter, texts) if self.type.is_text else self._fill(fill)
        fields: dict[str, Any] = {"missing": missing, "missing_text": missing_text, "missing_none": missing_none}
        return self.step("impute", fill=filled, **fields)

    def missing_indicator(self, columns: Any = None, *, missing: float = float("nan"), dtype: str = "f64") -> Self:
        """Return one for each missing value of these columns (None: all), otherwise zero, in ``dtype``."""
        every = np.arange(self.type.columns) if columns is None else columns
        chosen = self.argument("missing_indicator", "columns", positions, every, self.type.columns)
        return self.step("missing_indicator", columns=chosen, missing=missing, dtype=dtype)

    def function(self, function: str) -> Self:
        """Return an elementwise function: exp, log, log1p, sqrt, square, abs, tanh, relu, isnan, ...

        ``describe("elementwise")`` lists them.  The function of the stored values only in sparse rows.
        """
        return self.step("elementwise", function=function, called="function")

    def power(self, exponents: Any, form: str = "power") -> Self:
        """Return a power per column; ``form``: power, box_cox, yeo_johnson, or inverse_ of these two."""
        return self.step("power", exponents=self._each("power", "exponents", exponents), form=form)

    def normalize(self, norm: str = "l2") -> Self:
        """Return each row divided by its norm, l1, l2 or max; a row with norm zero stays."""
        return self.step("normalize", norm=norm)

    def bins(self, edges: Sequence[Any]) -> Self:
        """Return the number of edges at or below each value, one ascending list of edges per column: to i64."""
        lists = self.argument("bins", "edges", lambda: [np.asarray(each, np.float64).ravel() for each in edges])
        starts = Parameter.of(np.cumsum([0, *map(len, lists)]))
        flat = Parameter.of(np.concatenate([np.zeros(0), *lists]))
        return self.step("bin", edges=flat, starts=starts, called="bins")

    def reduce(self, function: str, columns: Any = None) -> Self:
        """Return the ``sum``, ``minimum`` or ``maximum`` of each list of columns (None: one list of all)."""
        lists = np.arange(self.type.columns)[None, :] if columns is None else columns
        return self.step("reduce", columns=self.argument("reduce", "columns", parameter, lists), function=function)

    def require_finite(self, owner: str = "the pipeline", *, allow_nan: bool = False) -> Self:
        """Return the floats unchanged; infinities, and NaN unless allowed, are errors of the request."""
        return self.step("require_finite", owner=owner, allow_nan=allow_nan)

    def constant(self, row: Any) -> Self:
        """Return the same numbers for each row, whatever this value is: one number, or a list of k."""
        numbers = row if isinstance(row, Parameter) else np.asarray(row)[None]
        return self.step("constant", row=self.argument("constant", "row", parameter, numbers))

    def _each(self, called: str, field: str, value: Any) -> Parameter | None:
        """Return one float per column, or None."""
        return None if value is None else self.argument(called, field, floats, value, (self.type.columns,))

    def _fill(self, fill: Any) -> Parameter:
        if isinstance(fill, Parameter):
            return fill
        values = self.argument("impute", "fill", np.asarray, fill, self.type.numpy)
        return Parameter.of(np.broadcast_to(values, (self.type.columns,)) if values.ndim == 0 else values)
