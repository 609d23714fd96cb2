"""References of the operators of single texts, by Python's own ``str`` and ``re``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from pretzel.plan import ops
from pretzel.plan.reference import Value, reference


def _kept(x: Value, function: Callable[[str], Any], missing: Any = None) -> list[Any]:
    """Apply a function to each text, or to each token of lists; a missing one stays, or becomes ``missing``."""
    return [_kept_one(text, function, missing) for text in x]


def _kept_one(text: Any, function: Callable[[str], Any], missing: Any) -> Any:
    if isinstance(text, list):
        return _kept(text, function, missing)
    return function(text) if isinstance(text, str) else text if missing is None else missing


@reference(ops.ChangeCase)
def change_case(node: ops.ChangeCase, x: Value) -> Value:
    """The method of ``str`` of that name."""
    return _kept(x, _SIMPLE.get(node.form) or getattr(str, node.form))


def _lower(text: str) -> str:
    return "".join(c.lower() if len(c.lower()) == 1 else "i" if c == "\u0130" else c for c in text)


def _upper(text: str) -> str:
    return "".join(map(_upper_character, text))


def _upper_character(c: str) -> str:
    forms = ("\u1e9e" if c == "\u00df" else c.upper(), c.title(), c)
    return next(form for form in forms if len(form) == 1)


_SIMPLE: dict[str, Callable[[str], str]] = {
    "simple_lower": _lower,
    "simple_upper": _upper,
    "simple_capitalize": lambda text: _upper(text[:1]) + _lower(text[1:]),
}


@reference(ops.StripText)
def strip_text(node: ops.StripText, x: Value) -> Value:
    """``str.strip``, ``lstrip`` or ``rstrip``."""
    method = {"both": str.strip, "left": str.lstrip, "right": str.rstrip}[node.side]
    return _kept(x, lambda text: method(text, node.characters or None))


@reference(ops.SliceText)
def slice_text(node: ops.SliceText, x: Value) -> Value:
    """``text[start:stop]``."""
    return _kept(x, lambda text: text[node.start : node.stop])


@reference(ops.ReplaceText)
def replace_text(node: ops.ReplaceText, x: Value) -> Value:
    """``str.replace``."""
    return _kept(x, lambda text: text.replace(node.old, node.new))


@reference(ops.ReplaceMatches)
def replace_matches(node: ops.ReplaceMatches, x: Value) -> Value:
    """``re.sub``, by a function, so that the new text is taken as it is."""
    return _kept(x, lambda text: re.sub(node.pattern, lambda _: node.new, text))


@reference(ops.SurroundText)
def surround_text(node: ops.SurroundText, x: Value) -> Value:
    """``before + text + after``."""
    return _kept(x, lambda text: node.before + text + node.after)


@reference(ops.PadText)
def pad_text(node: ops.PadText, x: Value) -> Value:
    """``str.rjust``, ``ljust``, ``center``, or the rule of ``zfill`` with any fill."""
    if node.side == "sign":
        return _kept(x, lambda text: _after_sign(text, node.width, node.fill))
    method = {"left": str.rjust, "right": str.ljust, "both": str.center}[node.side]
    return _kept(x, lambda text: method(text, node.width, node.fill))


def _after_sign(text: str, width: int, fill: str) -> str:
    sign = text[:1] if text[:1] in ("+", "-") else ""
    return sign + fill * (width - len(text)) + text[len(sign) :]


@reference(ops.TestText)
def test_text(node: ops.TestText, x: Value) -> np.ndarray:
    """The method of ``str``, the operator ``in`` or ``==``."""
    if node.function == "missing":
        return np.array([not isinstance(text, str) for text in x], bool)
    if node.function in ops.strings.OF_NUMBERS:
        return np.array(_kept(x, lambda text: number_in(text, node.function) is not None, False), bool)
    of_a_text = {"contains": str.__contains__, "equal": str.__eq__}
    if node.function in of_a_text or node.function in ("startswith", "endswith"):
        method = of_a_text.get(node.function) or getattr(str, node.function)
        return np.array(_kept(x, lambda text: method(text, node.text), False), bool)
    return np.array(_kept(x, getattr(str, node.function), False), bool)


@reference(ops.MeasureText)
def measure_text(node: ops.MeasureText, x: Value) -> np.ndarray:
    """``len``, ``str.count`` or ``str.find``."""
    if node.function == "length":
        return np.array(_kept(x, len, 0), np.int64)
    if node.function in ops.strings.OF_CHARACTERS:
        test = getattr(str, node.function)
        return np.array(_kept(x, lambda text: sum(map(test, text)), 0), np.int64)
    missing = -1 if node.function == "find" else 0
    return np.array(_kept(x, lambda text: getattr(text, node.function)(node.text), missing), np.int64)


@reference(ops.ParseNumber)
def parse_number(node: ops.ParseNumber, x: Value) -> np.ndarray:
    """``float``."""
    read = _kept(x, lambda text: number_in(text, "float"), None)
    return np.array([np.nan if number is None else number for number in read], np.float64)


def number_in(text: str, kind: str) -> float | None:
    """Return the number that a text spells; None if it spells none."""
    try:
        return float(text) if kind == "float" else int(text)
    except ValueError:
        return None


@reference(ops.ConcatTexts)
def concat_texts(node: ops.ConcatTexts, *parts: Value) -> Value:
    """``"".join``."""
    return [_joined(row) for row in zip(*parts, strict=True)]


def _joined(row: tuple[Any, ...]) -> Any:
    missing = [text for text in row if not isinstance(text, str)]
    return missing[0] if missing else "".join(row)


@reference(ops.FormatInteger)
def format_integer(node: ops.FormatInteger, x: np.ndarray) -> Value:
    """``str`` of each integer."""
    return list(map(str, x.tolist()))
