"""Operators for NumPy's and SciPy's functions of arrays, with the arguments that change their results."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

from pretzel.errors import UnsupportedError
from pretzel.importers.sklearn.common.matrices import vector
from pretzel.importers.sklearn.common.members import cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.dense import TESTS
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import DTYPE_NAMES

UFUNCS: dict[Callable[..., Any], str] = {
    **{
        getattr(np, name): name
        for name in (
            *("abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil", "cos", "cosh"),
            *("exp", "exp2", "expm1", "floor", "log", "log10", "log1p", "log2", "negative", "reciprocal", "rint"),
            *("sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc", *TESTS),
        )
    },
    np.fabs: "abs",
    **{getattr(special, name): name for name in ("erf", "expit", "expm1", "exp2", "log1p", "logit")},
}
"""Elementwise functions, and their names in :class:`ops.Elementwise`."""
OVER_SPARSE = tuple(
    getattr(np, name)
    for name in (
        *("abs", "arcsin", "arcsinh", "arctan", "arctanh", "expm1", "log1p", "negative", "rint", "sin", "sinh", "sqrt"),
        *("tan", "tanh"),
    )
)
"""Functions that NumPy delegates to a sparse matrix, which applies them to its stored values."""
DEGREES = {np.degrees: 180.0 / np.pi, np.rad2deg: 180.0 / np.pi, np.radians: np.pi / 180.0, np.deg2rad: np.pi / 180.0}

Handler = Callable[[Node, dict[str, Any]], Node]
"""Builds a node from x and the arguments, and removes the arguments that it supports."""


class ArgumentError(UnsupportedError):
    """An argument of a function that cannot be served, and the remedy; the caller adds the step."""


def computed(function: Callable[..., Any], x: Node, arguments: Mapping[str, Any]) -> Node | None:
    """Return the node of a function of x, or None for an unknown function.

    Raises:
        ArgumentError: an argument cannot be served.
    """
    function, arguments = _called(function, arguments)
    handler: Handler | None = _found(function, HANDLERS)
    if handler is None:
        return None
    rest = dict(arguments)
    node = handler(x, rest)
    if rest:
        raise ArgumentError(f"the argument {next(iter(rest))!r} of {function.__name__}", "leave it out")
    return node


def integer_name(function: Callable[..., Any], arguments: Mapping[str, Any]) -> str | None:
    """Return the NumPy function that determines the result type for integers; None if it computes them like floats."""
    function, arguments = _called(function, arguments)
    name = _found(function, UFUNCS) or _found(function, {ufunc: ufunc.__name__ for ufunc in DEGREES})
    if name is None or "dtype" in arguments:
        return None
    return name if hasattr(np, name) else "exp"  # SciPy's functions compute in the same floats as NumPy's exponential


def name_of(function: Callable[..., Any], arguments: Mapping[str, Any]) -> str:
    """Return the name of a function; a NumPy function with a ``dtype`` has another name."""
    function, arguments = _called(function, arguments)
    name = str(getattr(function, "__name__", ""))
    return f"{name} with dtype" if "dtype" in arguments and isinstance(function, np.ufunc) else name


def is_copy(function: Callable[..., Any] | None, arguments: Mapping[str, Any]) -> bool:
    """Return whether a function returns its input values unchanged, for any type."""
    if function is None:
        return True
    function, arguments = _called(function, arguments)
    return _found(function, dict.fromkeys(COPIES, True)) is not None and arguments.get("dtype") is None


def gives_arrays(function: Callable[..., Any]) -> bool:
    """Return whether a function converts a pandas table to an array; most compute each column separately."""
    return _found(_called(function, {})[0], dict.fromkeys(OF_ARRAYS, True)) is not None


def integer_result(function: Callable[..., Any], arguments: Mapping[str, Any], x: Node) -> str | None:
    """Return the integer type of the installed NumPy's result for the integers x; None if it returns floats."""
    try:
        kind = np.asarray(function(np.ones((1, x.type.columns), x.type.numpy), **arguments)).dtype
    except (TypeError, ValueError):  # raised for any integers
        return None
    return DTYPE_NAMES.get(kind) if kind.kind in "iu" else None


def largest_step(function: Callable[..., Any], arguments: Mapping[str, Any]) -> int:
    """Return the largest step by which rounding to tens, hundreds and so on may move an integer; 0 for other functions.

    Near the limits of the type NumPy wraps around.
    """
    function, arguments = _called(function, arguments)
    decimals = arguments.get("decimals", 0) if function in (np.round, np.around) else 0
    return 10**-decimals if type(decimals) is int and -22 <= decimals < 0 else 0


def keeps_whole(function: Callable[..., Any], arguments: Mapping[str, Any]) -> bool:
    """Return whether a function returns integers unchanged."""
    names = ("around", "ceil", "floor", "nan_to_num", "rint", "round", "trunc")
    return name_of(function, arguments) in names and not largest_step(function, arguments)


def takes_sparse(function: Callable[..., Any]) -> bool:
    """Return whether NumPy delegates a sparse matrix to SciPy, which applies the function to stored values."""
    return any(_called(function, {})[0] is supported for supported in OVER_SPARSE)


def names() -> list[str]:
    """Return the names of the supported functions, for messages."""
    scipy = {id(value) for value in vars(special).values()}
    return sorted({f"{'scipy.special.' if id(f) in scipy else ''}{f.__name__}" for f in HANDLERS})


def _called(function: Any, arguments: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
    """Return the function inside ``functools.partial`` with all keyword arguments."""
    while type(function) is functools.partial and not function.args:
        function, arguments = function.func, {**function.keywords, **arguments}
    return function, arguments


def _found(function: Any, among: Mapping[Any, Any]) -> Any:
    """Return the value for this very function, or None; compared by identity, as user callables may define equality."""
    return next((value for key, value in among.items() if key is function), None)


def _ufunc(name: str, x: Node, arguments: dict[str, Any]) -> Node:
    """Apply a function in the float type of ``dtype``, else in that of x; tests ignore ``dtype``."""
    if name in TESTS:
        return ops.Elementwise(x, name)
    return ops.Elementwise(_typed(x, arguments), name)


def _times(factor: float, x: Node, arguments: dict[str, Any]) -> Node:
    wide = _typed(x, arguments)
    return ops.Affine(wide, _like(factor, wide))


def _typed(x: Node, arguments: dict[str, Any]) -> Node:
    """Return x in the type of ``dtype``, if given."""
    dtype = arguments.pop("dtype", None)
    if dtype is None:
        return x
    try:
        name = DTYPE_NAMES.get(np.dtype(dtype))
    except TypeError:
        name = None
    if name not in ("f32", "f64"):
        raise ArgumentError(f"dtype={dtype!r:.40}", "use float32 or float64")
    return cast(x, name)


def _same(x: Node, arguments: dict[str, Any]) -> Node:
    """Return x; a copy has the same values."""
    for name in ("copy", "order", "subok"):
        arguments.pop(name, None)
    return _typed(x, arguments)


def _as_type(name: str) -> Handler:
    return lambda x, arguments: cast(x, name)


def _clip(x: Node, arguments: dict[str, Any]) -> Node:
    """``numpy.clip`` with bounds by any of their names, in NumPy's promoted type of x and the bounds."""
    low, high = (_bound(arguments, *pair) for pair in (("a_min", "min"), ("a_max", "max")))
    bounds = [bound for bound in (low, high) if bound is not None]
    dtype = np.result_type(x.type.numpy, *bounds) if bounds else x.type.numpy
    if dtype not in (np.float32, np.float64):
        raise ArgumentError(f"bounds that make the result {dtype}", "give bounds as numbers")
    wide = cast(x, DTYPE_NAMES[dtype])
    for bound in bounds:
        if np.size(bound) not in (1, x.type.columns):  # pandas computes each column separately
            raise ArgumentError(
                f"{np.size(bound)} bounds for {x.type.columns} columns", "give a number for all columns"
            )
    filled = (-np.inf if low is None else low, np.inf if high is None else high)
    return ops.Clip(wide, *(_like(bound, wide) for bound in filled)) if bounds else wide


def _bound(arguments: dict[str, Any], *spellings: str) -> Any:
    """Return a bound as NumPy promotes it: a Python number keeps the type of x, an array or a NumPy scalar may not."""
    values = [value for value in (arguments.pop(name, None) for name in spellings) if value is not None]
    if not values:
        return None
    bound = values[0] if type(values[0]) in (int, float) else np.asarray(values[0])[()]
    array = np.asarray(bound)
    if len(values) > 1 or array.dtype.kind not in "iuf" or array.ndim > 1 or np.isnan(array).any():
        shown = f"<ndarray of shape {array.shape}>" if array.ndim > 1 else repr(values[0])
        raise ArgumentError(f"{spellings[0]}={shown:.40}", "give a number, or one for each column")
    return bound


def _round(x: Node, arguments: dict[str, Any]) -> Node:
    """``numpy.round``: scaled by a power of ten, rounded to even, scaled back, each step rounded to the type of x."""
    decimals = arguments.pop("decimals", 0)
    if type(decimals) is not int or abs(decimals) > 22:  # larger powers of ten are not exact
        raise ArgumentError(f"decimals={decimals!r:.40}", "use an integer from -22 to 22")
    if not decimals:
        return ops.Elementwise(x, "rint")
    power = _like(10.0 ** abs(decimals), x)
    if decimals > 0:
        return ops.Standardize(ops.Elementwise(ops.Affine(x, power), "rint"), None, power)
    return ops.Affine(ops.Elementwise(ops.Standardize(x, None, power), "rint"), power)


def _nan_to_num(x: Node, arguments: dict[str, Any]) -> Node:
    """``numpy.nan_to_num``: infinities first, so that no replacement is replaced."""
    arguments.pop("copy", None)
    most = float(np.finfo(x.type.numpy).max)
    replacements = {
        np.inf: arguments.pop("posinf", None),
        -np.inf: arguments.pop("neginf", None),
        np.nan: arguments.pop("nan", 0.0),
    }
    for missing, replacement in replacements.items():
        fill = (most if missing > 0 else -most) if replacement is None else replacement
        if np.ndim(fill) or not np.isfinite(x.type.numpy.type(fill)):
            raise ArgumentError(f"{fill!r:.40} in place of {missing}", "give a finite number")
        x = ops.Impute(x, _like(fill, x), float(missing))
    return x


def _like(value: Any, x: Node) -> Parameter:
    """Return one number for each column, of the type of x."""
    return vector(np.asarray(value, x.type.numpy), x.type.columns)


COPIES = (np.array, np.asanyarray, np.asarray, np.ascontiguousarray, np.copy, np.positive)
OF_ARRAYS = (np.array, np.asanyarray, np.asarray, np.ascontiguousarray, np.copy, np.float32, np.float64, np.nan_to_num)

HANDLERS: dict[Any, Handler] = {
    **{function: functools.partial(_ufunc, name) for function, name in UFUNCS.items()},
    **{function: functools.partial(_times, factor) for function, factor in DEGREES.items()},
    **dict.fromkeys(COPIES, _same),
    np.clip: _clip,
    np.float32: _as_type("f32"),
    np.float64: _as_type("f64"),
    np.nan_to_num: _nan_to_num,
    np.round: _round,
    np.around: _round,
}
"""The handler of each supported function."""
