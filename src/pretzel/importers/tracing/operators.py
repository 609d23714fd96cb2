"""NumPy's elementwise functions of one or two values, as operators."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from pretzel.importers.tracing.ending import TraceEnd, mixes_rows, named, unknown
from pretzel.importers.tracing.values import Value, cast, constant, made
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dense import FUNCTIONS, TESTS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES

UNARY: dict[Any, str] = {
    **{getattr(np, name): name for name in (*FUNCTIONS, *TESTS) if isinstance(getattr(np, name, None), np.ufunc)},
    np.fabs: "abs",
    **{getattr(special, name): name for name in ("erf", "expit", "expm1", "exp2", "log1p", "logit")},
}
DEGREES = {np.degrees: 180.0 / np.pi, np.rad2deg: 180.0 / np.pi, np.radians: np.pi / 180.0, np.deg2rad: np.pi / 180.0}
ARITHMETIC = {
    getattr(np, name): name
    for name in (
        *("add", "subtract", "multiply", "divide", "power", "minimum", "maximum"),
        *("floor_divide", "remainder", "arctan2", "hypot"),
    )
}
COMPARISONS = {
    np.less: ("less", False, False),
    np.less_equal: ("less_equal", False, False),
    np.equal: ("equal", False, False),
    np.greater: ("less", True, False),
    np.greater_equal: ("less_equal", True, False),
    np.not_equal: ("equal", False, True),
}
"""The comparison, whether its arguments are swapped, and whether its result is negated."""
LOGICAL = {np.logical_and: "and", np.logical_or: "or", np.logical_xor: "xor"}
BITWISE = {np.bitwise_and: "and", np.bitwise_or: "or", np.bitwise_xor: "xor"}
POWERS = {2: "square", 0.5: "sqrt", -1: "reciprocal"}
"""Exponents for which the operator ``**`` of NumPy calls another function."""
KEEPING = ("ceil", "floor", "trunc", "rint")
NO_UNSIGNED = "uint64 is not computed with"
TO_FLOATS = "convert it to float64 first"


def applied(ufunc: np.ufunc, arguments: tuple[Any, ...]) -> Value:
    """Return a ufunc of values and constants.

    Raises:
        TraceEnd: no operator computes it.
    """
    examples = [argument.example if isinstance(argument, Value) else argument for argument in arguments]
    if (ufunc in BITWISE or ufunc is np.invert) and any(np.asarray(x).dtype.kind == "f" for x in examples):
        raise TraceEnd(f"{named(ufunc)} of a column that is read as numbers", "use .astype(bool) of it first")
    with np.errstate(all="ignore"):
        example = ufunc(*examples)
    if not isinstance(example, np.ndarray):
        raise unknown(named(ufunc))
    if len(arguments) == 1:
        return made(_unary(ufunc, arguments[0], example), example)
    if len(arguments) == 2:
        _check_axes(*arguments)
        return made(_binary(ufunc, *arguments, example), example)
    raise unknown(named(ufunc))


def powered(base: Any, exponent: Any) -> Value:
    """Return ``base ** exponent`` as the operator of NumPy's arrays computes it."""
    if isinstance(base, Value) and isinstance(exponent, (int, float)) and base.dtype.kind == "f":
        if exponent in POWERS:
            return made(ops.Elementwise(base.node, POWERS[exponent]), base.example)
    if isinstance(base, Value) and base.dtype.kind in "iu" and isinstance(exponent, int) and exponent == 2:
        return applied(np.multiply, (base, base))
    return applied(np.power, (base, exponent))


def _check_axes(a: Any, b: Any) -> None:
    both = isinstance(a, Value) and isinstance(b, Value)
    if both and a.is_vector != b.is_vector:
        raise mixes_rows("an operation between one number per row and a matrix")


def _unary(ufunc: np.ufunc, x: Value, example: np.ndarray) -> Node:
    if ufunc in (np.logical_not, np.invert):
        if ufunc is np.invert and x.dtype.kind != "b":
            raise TraceEnd(f"~ of {x.dtype} works on bits", "use it on conditions")
        return negated(truth(x))
    if ufunc is np.positive:
        return x.node
    if ufunc in DEGREES:
        floats = cast(x.node, DTYPE_NAMES[example.dtype])
        return ops.Affine(floats, each(DEGREES[ufunc], floats))
    name = UNARY.get(ufunc)
    if name is None or example.dtype not in DTYPE_NAMES:
        raise unknown(f"{named(ufunc)} of {x.dtype}")
    if x.dtype.kind == "f":
        return ops.Elementwise(x.node, name)
    if name in TESTS:
        return ops.Elementwise(cast(x.node, "f64"), name)
    if example.dtype.kind == "f":
        return ops.Elementwise(cast(x.node, DTYPE_NAMES[example.dtype]), name)
    return _of_whole(name, x)


def _of_whole(name: str, x: Value) -> Node:
    """Return a function of integers that returns integers."""
    if name in KEEPING or (name == "abs" and x.dtype.kind in ("b", "u")):
        return x.node
    wide = _wide(x)
    if name == "square":
        return ops.Arithmetic(wide, wide, "multiply")
    zero = constant(0, x, "i64")
    negative = ops.Arithmetic(zero, wide, "subtract")
    if name == "negative":
        return negative
    if name == "abs":
        return ops.Where(ops.Compare(wide, zero, "less"), negative, wide)
    if name == "sign":
        below, above = (cast(ops.Compare(*pair, "less"), "i64") for pair in ((wide, zero), (zero, wide)))
        return ops.Arithmetic(above, below, "subtract")
    raise unknown(f"np.{name} of integers")


def _binary(ufunc: np.ufunc, a: Any, b: Any, example: np.ndarray) -> Node:
    if ufunc in COMPARISONS:
        name, swaps, negates = COMPARISONS[ufunc]
        left, right = _alike(a, b, _common(a, b))
        node = ops.Compare(*((right, left) if swaps else (left, right)), name)
        return negated(node) if negates else node
    if ufunc in LOGICAL:
        return _logic(LOGICAL[ufunc], a, b)
    if ufunc in BITWISE:
        if example.dtype.kind != "b":
            raise TraceEnd(f"{named(ufunc)} of {example.dtype} works on bits", "use it on conditions")
        return _logic(BITWISE[ufunc], a, b)
    if ufunc in (np.fmin, np.fmax):
        return _without_nan(ufunc, a, b, example)
    function = ARITHMETIC.get(ufunc)
    if function is None:
        raise unknown(named(ufunc))
    if example.dtype.kind == "b":
        return _logic("or" if function in ("add", "maximum") else "and", a, b)
    return _computed(function, a, b, example)


def _computed(name: str, a: Any, b: Any, example: np.ndarray) -> Node:
    if example.dtype not in DTYPE_NAMES:
        raise TraceEnd(f"the result is {example.dtype}", "convert the column to float64 first")
    if example.dtype.kind == "f":
        return ops.Arithmetic(*_alike(a, b, example.dtype), name)
    if example.dtype == np.uint64 or any(isinstance(x, Value) and x.dtype == np.uint64 for x in (a, b)):
        raise TraceEnd(NO_UNSIGNED, TO_FLOATS)
    if name == "power" and isinstance(b, Value):
        raise TraceEnd("a power of integers by a column may be negative, which NumPy rejects", TO_FLOATS)
    return ops.Arithmetic(*_alike(a, b, np.dtype(np.int64)), name)


def _without_nan(ufunc: np.ufunc, a: Any, b: Any, example: np.ndarray) -> Node:
    """Return ``fmin`` or ``fmax``: the other value where one is NaN."""
    name = "minimum" if ufunc is np.fmin else "maximum"
    if example.dtype.kind != "f":
        return _computed(name, a, b, example)
    left, right = _alike(a, b, example.dtype)
    best = ops.Where(ops.Elementwise(right, "isnan"), left, ops.Arithmetic(left, right, name))
    return ops.Where(ops.Elementwise(left, "isnan"), right, best)


def _logic(name: str, a: Any, b: Any) -> Node:
    beside = a if isinstance(a, Value) else b
    left, right = (truth(x) if isinstance(x, Value) else constant(np.asarray(x) != 0, beside, "bool") for x in (a, b))
    return logic(name, left, right)


def logic(name: str, left: Node, right: Node) -> Node:
    """Return ``and``, ``or`` or ``xor`` of two conditions."""
    if name == "xor":
        return negated(ops.Compare(left, right, "equal"))
    fixed = ops.Constant(left, Parameter.of(np.full((1, 1) if left.type.width else 1, name == "or")))
    return ops.Where(left, right, fixed) if name == "and" else ops.Where(left, fixed, right)


def truth(x: Value) -> Node:
    """Return whether each value is nonzero; NaN is."""
    if x.dtype.kind == "b":
        return x.node
    wide = x.node if x.dtype.kind == "f" else _wide(x)
    return negated(ops.Compare(wide, constant(0, x, wide.type.dtype), "equal"))


def negated(node: Node) -> Node:
    """Return the negation of a condition."""
    false = ops.Constant(node, Parameter.of(np.zeros((1, 1) if node.type.width else 1, np.bool_)))
    return ops.Compare(node, false, "equal")


def each(value: float, node: Node) -> Parameter:
    """Return one number for each column, of the type of a node."""
    return Parameter.of(np.full(node.type.columns, value, node.type.numpy))


def _wide(x: Value) -> Node:
    if x.dtype == np.uint64:
        raise TraceEnd(NO_UNSIGNED, TO_FLOATS)
    return cast(x.node, "i64")


def _common(*arguments: Any) -> np.dtype:
    """Return the dtype in which NumPy compares or combines: its promotion, where Python numbers adapt."""
    kinds = [x.dtype if isinstance(x, Value) else _weak(x) for x in arguments]
    kind = np.result_type(*kinds)
    if kind not in DTYPE_NAMES or kind == np.uint64:
        raise TraceEnd(f"numbers of {' and '.join(map(str, kinds))} are compared as {kind}", TO_FLOATS)
    return kind if kind.kind in "bf" else np.dtype(np.int64)


def _weak(value: Any) -> Any:
    return value if type(value) in (int, float, bool) else np.asarray(value).dtype


def _alike(a: Any, b: Any, dtype: np.dtype) -> tuple[Node, Node]:
    """Return both arguments as nodes of one element type."""
    beside = a if isinstance(a, Value) else b
    left, right = (
        cast(x.node, DTYPE_NAMES[dtype]) if isinstance(x, Value) else constant(x, beside, DTYPE_NAMES[dtype])
        for x in (a, b)
    )
    return left, right


def chosen(condition: Value, a: Any, b: Any) -> Value:
    """Return ``numpy.where`` of a condition, each choice a value or a constant."""
    for choice in (a, b):
        _check_axes(condition, choice)
    example = np.where(condition.example, *(x.example if isinstance(x, Value) else x for x in (a, b)))
    dtype = example.dtype
    if dtype == np.uint64 or dtype not in DTYPE_NAMES:
        raise TraceEnd(f"np.where returns {dtype} here", "give numbers, or convert the columns to float64")
    wide = dtype if dtype.kind in "bf" else np.dtype(np.int64)
    left, right = (
        cast(x.node, DTYPE_NAMES[wide]) if isinstance(x, Value) else constant(x, condition, DTYPE_NAMES[wide])
        for x in (a, b)
    )
    return made(ops.Where(truth(condition), left, right), example)


OPERATORS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
}  # fmt: skip
"""The ufuncs of Python's operators that exist in a reversed form."""
COMPARING = {name: getattr(np, ufunc) for name, ufunc in (
    ("lt", "less"), ("le", "less_equal"), ("gt", "greater"), ("ge", "greater_equal"), ("eq", "equal"),
    ("ne", "not_equal"),
)}  # fmt: skip
SINGLE = {"neg": np.negative, "pos": np.positive, "invert": np.invert, "abs": np.abs}


class Operators:
    """Python's operators of a symbolic value, over ``_apply(ufunc, *arguments)`` and ``_power`` of the subclass."""

    _apply: Any
    _power: Any
    __hash__ = None  # type: ignore[assignment]

    def __pow__(self, other: Any) -> Any:
        """Return ``self ** other``."""
        return named_as(self._power(self, other), (self, other))

    def __rpow__(self, other: Any) -> Any:
        """Return ``other ** self``."""
        return self._power(other, self)


def named_as(result: Any, arguments: tuple[Any, ...]) -> Any:
    """Return a series under the name of the series that it was computed from; None if they have several."""
    names = {x.name: x for x in arguments if hasattr(type(x), "to_frame")}
    return result.rename(None) if len(names) > 1 and hasattr(type(result), "to_frame") else result


def _both(ufunc: np.ufunc, a: Any, b: Any, of: Any) -> Any:
    return named_as(of._apply(ufunc, a, b), (a, b))


def _add_operators() -> None:
    for name, ufunc in (*OPERATORS.items(), *COMPARING.items()):
        setattr(Operators, f"__{name}__", lambda self, other, ufunc=ufunc: _both(ufunc, self, other, self))
    for name, ufunc in OPERATORS.items():
        setattr(Operators, f"__r{name}__", lambda self, other, ufunc=ufunc: _both(ufunc, other, self, self))
    for name, single in SINGLE.items():
        setattr(Operators, f"__{name}__", lambda self, ufunc=single: self._apply(ufunc, self))


_add_operators()
