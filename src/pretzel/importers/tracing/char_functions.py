"""NumPy's functions of arrays of texts (``numpy.char``, ``numpy.strings``) over the texts of a loop or a column.

Arrays of texts are as wide as their longest text.  NumPy drops NUL at the end of a text, and cuts one that grows in
another case, or what is replaced in it, to the width of its batch: rows with such texts are rejected.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.arrays import SymbolicArray
from pretzel.importers.tracing.ending import unknown
from pretzel.importers.tracing.narrower import CUT_TEXTS
from pretzel.importers.tracing.singles import RAISES, TextRows, rows_of
from pretzel.importers.tracing.strings import plain_text
from pretzel.importers.tracing.text_values import Text, condition, constant_text, may_miss, missing, whole
from pretzel.importers.tracing.values import ROWS, Value, cast
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.strings import OF_CHARACTERS
from pretzel.plan.parameter import Parameter

Function = Callable[..., Any]
SIDES = {"strip": "both", "lstrip": "left", "rstrip": "right"}
NO_TEXTS = f"{RAISES} (TypeError: an array of texts has no missing ones)"


def _texts_in(x: Any) -> Node | None:
    """Return texts of rows as a node; None for anything else."""
    if isinstance(x, TextRows):
        return x.value.node
    part = rows_of(x) if isinstance(x, list) else getattr(x, "part", None)
    return part.node if isinstance(part, Text) else None


def _array_of(x: Node) -> Node:
    """Return texts as an array has them: none missing, and without NUL."""
    if may_miss(x):
        x = ops.Require(x, operators.negated(missing(x)), NO_TEXTS)
    return _checked(x, x, whole(ops.MeasureText(x, "count", "\0")))


def _checked(x: Node, beside: Node, beyond: Value) -> Node:
    """Return a text, and reject a row where a number is above zero."""
    zero = Parameter.of(np.zeros(1))
    within = ops.RequireWithin(cast(beyond.node, "f64"), zero, zero, "FunctionTransformer", reason=CUT_TEXTS)
    certain = operators.applied(np.equal, (Value(within, np.zeros(ROWS)), 0.0))
    return ops.ChooseText(certain.node, x, beside)


def _traced(name: str, build: Callable[..., Any]) -> Function:
    """Return a function of ``numpy.char`` that builds the result for texts of rows."""
    original = getattr(np.char, name)

    def call(a: Any, *arguments: Any, **options: Any) -> Any:
        x = _texts_in(a)
        if x is None:
            return original(a, *arguments, **options)
        result = build(_array_of(x), *arguments, **options)
        return TextRows(Text.of(result)) if isinstance(result, Node) else SymbolicArray(result)

    return call


def _in_case(form: str) -> Function:
    def change(x: Node) -> Node:
        changed = ops.ChangeCase(x, form)
        longer = operators.applied(np.greater, (_length(changed), _length(x)))
        return _checked(changed, x, longer)

    return change


def _length(x: Node) -> Value:
    return whole(ops.MeasureText(x, "length"))


def _stripped(side: str) -> Function:
    return lambda x, chars=None: ops.StripText(x, "" if chars is None else plain_text(chars, "strip"), side)


def _measured(name: str) -> Function:
    def measure(x: Node, sub: Any, start: int = 0, end: Any = None) -> Value:
        if start or end is not None or not plain_text(sub, name):
            raise unknown(f"np.char.{name} within a range, or of an empty text")
        return whole(ops.MeasureText(x, name, sub))

    return measure


def _ends(name: str) -> Function:
    def test(x: Node, text: Any, start: int = 0, end: Any = None) -> Value:
        if start or end is not None:
            raise unknown(f"np.char.{name} within a range")
        return condition(ops.TestText(x, name, plain_text(text, name)))

    return test


def _replaced(x: Node, old: Any, new: Any, count: int = -1) -> Node:
    if count != -1 or not plain_text(old, "replace"):
        raise unknown("np.char.replace of an empty text, or with a count")
    replaced = ops.ReplaceText(x, old, plain_text(new, "replace"))
    width = max(len(old), len(new))  # NumPy cuts both texts to the width of its batch
    short = operators.applied(np.less, (_length(x), width)), operators.applied(np.greater, (_length(x), 0))
    return replaced if width == 1 else _checked(replaced, x, operators.applied(np.logical_and, short))


def _padded(side: str) -> Function:
    return lambda x, width, fillchar=" ": ops.PadText(x, width, plain_text(fillchar, "padding"), side)


def _added(original: Function) -> Function:
    def add(a: Any, b: Any) -> Any:
        left, right = _texts_in(a), _texts_in(b)
        if left is None and right is None:
            return original(a, b)
        beside = left or right
        parts = [_joined(node, x, beside) for node, x in ((left, a), (right, b))]
        return TextRows(Text.of(ops.ConcatTexts(tuple(parts))))

    return add


def _joined(node: Node | None, x: Any, beside: Node | None) -> Node:
    assert beside is not None
    return constant_text(plain_text(x, "add"), beside) if node is None else _array_of(node)


CHAR: dict[str, Function] = {
    "add": _added(np.char.add),
    "replace": _traced("replace", _replaced),
    "str_len": _traced("str_len", _length),
    "zfill": _traced("zfill", lambda x, width: ops.PadText(x, width, "0", "sign")),
    "ljust": _traced("ljust", _padded("right")),
    "rjust": _traced("rjust", _padded("left")),
    **{name: _traced(name, _in_case(name)) for name in ("lower", "upper", "capitalize", "title")},
    **{name: _traced(name, _stripped(side)) for name, side in SIDES.items()},
    **{name: _traced(name, _measured(name)) for name in ("find", "count")},
    **{name: _traced(name, _ends(name)) for name in ("startswith", "endswith")},
    **{name: _traced(name, lambda x, test=name: condition(ops.TestText(x, test))) for name in OF_CHARACTERS},
}  # fmt: skip
"""The functions that are traced, by name."""
