"""Element-wise operators: scaling, functions, missing values, norms."""

from __future__ import annotations

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType

__all__ = ["Affine", "Clip", "Elementwise", "Impute", "MissingIndicator", "Normalize", "RequireFinite", "Standardize"]

FUNCTIONS = (
    "exp",
    "log",
    "log1p",
    "expm1",
    "sqrt",
    "square",
    "abs",
    "negative",
    "reciprocal",
    "tanh",
    "relu",
    "one_plus_log",
    "sin",
    "cos",
    "erf",
    "log2",
    "log10",
    "exp2",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "sign",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "cbrt",
    "expit",
    "logit",
)
TESTS = ("isnan", "isinf", "isfinite", "signbit")
NORMS = ("l1", "l2", "max")


def _vector(node: Node, field: str, parameter: Parameter) -> None:
    width = node.inputs[0].type.columns
    if parameter.shape != (width,) or parameter.dtype not in ("f32", "f64"):
        raise node.fail(f"{field}: expected floats of shape ({width},), got {parameter.dtype}{list(parameter.shape)}")


def _float(node: Node) -> ValueType:
    t = node.inputs[0].type
    if not t.is_float:
        raise node.fail(f"x: expected floats, got {t}")
    return t


def _dense(node: Node) -> ValueType:
    t = _float(node)
    if t.layout != "dense":
        raise node.fail(f"x: expected dense floats, got {t}")
    return t


class Affine(Node):
    """``x * scale + shift``, column by column; sparse rows, which allow no shift, stay sparse.

    Each of the two steps is computed in the wider type of x and the parameter, and rounded to the type of x, as NumPy's
    in-place operators do.

    Source: ``MinMaxScaler`` (``X *= scale_; X += min_``), idf weighting (``TfidfTransformer``), and folded scalings.
    """

    x: Node
    scale: Parameter
    """``[width]`` floats."""
    shift: Parameter | None = None
    """``[width]``."""
    linear = True
    associative = True

    def infer(self) -> ValueType:
        """Floats in, the same type out."""
        t = _float(self)
        _vector(self, "scale", self.scale)
        if self.shift is not None:
            _vector(self, "shift", self.shift)
            if t.layout == "sparse":
                raise self.fail("shift: would fill a sparse matrix; densify first")
        return t


class Standardize(Node):
    """``(x - mean) / scale``, column by column, with each step rounded as in ``StandardScaler.transform``.

    A step is computed in the wider type of x and the parameter, and rounded to the type of x; scikit-learn up to 1.7
    keeps the parameters in float64, later versions convert them to the type of x first.

    Separate from :class:`Affine` because the last bit matters before a comparison (trees, bins).
    """

    x: Node
    mean: Parameter | None
    """``[width]`` floats."""
    scale: Parameter | None
    """``[width]`` floats."""
    linear = True

    def infer(self) -> ValueType:
        """Floats in, the same type out."""
        t = _float(self)
        for field, parameter in self.parameters.items():
            _vector(self, field, parameter)
        if self.mean is not None and t.layout == "sparse":
            raise self.fail("mean: would fill a sparse matrix; densify first")
        return t


class Elementwise(Node):
    """A function of each value; of the stored values only in a sparse row.

    ``one_plus_log`` is ``log(x) + 1`` (``TfidfTransformer.sublinear_tf``), ``relu`` is ``max(x, 0)``; ``erf``,
    ``expit`` and ``logit`` are those of ``scipy.special``, and the others are the NumPy functions of that name.
    """

    x: Node
    function: str
    """Functions: exp, log, log1p, expm1, sqrt, square, abs, negative, reciprocal, tanh, relu, one_plus_log, sin, cos,
    erf, log2, log10, exp2, tan, arcsin, arccos, arctan, sinh, cosh, arcsinh, arccosh, arctanh, sign, floor, ceil,
    trunc, rint, cbrt, expit or logit.  Tests of dense floats: isnan, isinf, isfinite or signbit."""
    exact = True

    def infer(self) -> ValueType:
        """Floats in, the same type out; for a test, dense floats in and bool out."""
        if self.function in TESTS:
            return ValueType("bool", _dense(self).width)
        if self.function not in FUNCTIONS:
            raise self.fail(f"function: expected one of {', '.join((*FUNCTIONS, *TESTS))}, got {self.function!r}")
        return _float(self)


class Clip(Node):
    """Each column clipped to ``low`` .. ``high`` (``MinMaxScaler.clip``, ``numpy.clip``); NaN stays NaN."""

    x: Node
    low: Parameter
    """``[width]`` floats."""
    high: Parameter
    """``[width]`` floats; the result if it is below ``low``."""

    def infer(self) -> ValueType:
        """Dense floats in, the same type out."""
        t = _dense(self)
        _vector(self, "low", self.low)
        _vector(self, "high", self.high)
        return t


class Impute(Node):
    """Missing values replaced by ``fill``, column by column (``SimpleImputer``).

    Missing numbers are those equal to ``missing`` (NaN equals NaN).  Missing texts are NaN by default; with
    ``missing_text`` the texts equal to it, with ``missing_none`` None, and then NaN is rejected.
    """

    x: Node
    fill: Parameter
    """``[width]`` of the type of x, or ``str[width]``."""
    missing: float = float("nan")
    """The number that marks missing values; not used for texts."""
    missing_text: str | None = None
    """The text that marks missing values, or None."""
    missing_none: bool = False
    """If true, None marks missing texts."""
    exact = True

    @property
    def refuses(self) -> bool:
        """True for texts, where a NaN that does not mark a missing value is rejected."""
        return self.x.type.is_text

    def infer(self) -> ValueType:
        """Dense values in, the same type out."""
        t = self.x.type
        if t.layout != "dense" or self.fill.shape != (t.columns,) or (self.fill.dtype == "str") != t.is_text:
            raise self.fail(f"fill: {self.fill.dtype}{list(self.fill.shape)} does not fit x: {t}")
        return t


class MissingIndicator(Node):
    """One for each missing value, else zero, in the listed columns (``sklearn.impute.MissingIndicator``)."""

    x: Node
    columns: Parameter
    """``i64[k]``."""
    missing: float = float("nan")
    """The number that marks missing values (NaN equals NaN); for texts None and NaN do."""
    dtype: str = "f64"
    """Type of the result: f32, f64, i64 or bool."""
    exact = True

    def infer(self) -> ValueType:
        """Dense values in, k columns of ``dtype`` out."""
        if self.x.type.layout != "dense" or self.columns.dtype != "i64":
            raise self.fail(f"x: expected dense values and i64 columns, got {self.x.type}, {self.columns.dtype}")
        return ValueType(self.dtype, len(self.columns))


class Normalize(Node):
    """Each row divided by its norm (``sklearn.preprocessing.normalize``); a row with norm zero is not changed.

    Dense rows: the norm is rounded to the type of x, is infinite if the sum of the squares overflows in that type, and
    counts as 1 below ten epsilons.  Sparse float32 rows:
    squares in float32, their sum in float64, quotients rounded to float32, as in ``inplace_csr_row_normalize_l2``.
    """

    x: Node
    norm: str
    """One of l1, l2, max."""
    breaker = True
    exact = True

    def infer(self) -> ValueType:
        """Floats in, the same type out."""
        if self.norm not in NORMS:
            raise self.fail(f"norm: expected one of {', '.join(NORMS)}, got {self.norm!r}")
        return _float(self)


class RequireFinite(Node):
    """x unchanged; a value that the library rejects is an error that names its row and column (``check_array``)."""

    x: Node
    owner: str
    """The estimator that rejects the value, for the error message: ``LogisticRegression``."""
    allow_nan: bool = False
    """If true, only infinities are rejected."""
    refuses = True

    def infer(self) -> ValueType:
        """Floats in, the same type out."""
        return _float(self)
