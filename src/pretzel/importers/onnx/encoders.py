"""Encoders of ``ai.onnx.ml``, which look values up among keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.importers.onnx.pairs import cast
from pretzel.importers.onnx.registry import Site, converts, texts_as_array
from pretzel.importers.onnx.values import Rows, concat
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

NAN = "NaN"
"""Placeholder for the NaN key, which does not equal itself."""
KINDS = {"strings": "str", "int64s": "i64", "floats": "f32"}


@dataclass(frozen=True)
class Mapping:
    """Keys, their values, and the default for other inputs; arrays of numbers or of texts."""

    keys: np.ndarray
    values: np.ndarray
    default: Any


@converts("ai.onnx.ml", "LabelEncoder")
def label_encoder(site: Site) -> Rows:
    """Return the value of each key."""
    return _mapped(site, _positions(site) if site.opset == 1 else _mapping(site))


def _positions(site: Site) -> Mapping:
    """Map texts to their positions, or back (opset 1)."""
    texts = texts_as_array(site.attribute("classes_strings", []))
    codes = np.arange(len(texts))
    to_code, to_text = site.integer("default_int64", -1), site.text("default_string", "_Unused")
    return Mapping(texts, codes, to_code) if site.rows(0).node.type.is_text else Mapping(codes, texts, to_text)


def _mapping(site: Site) -> Mapping:
    keys, values = _list(site, "keys"), _list(site, "values")
    defaults = {
        "str": site.text("default_string", "_Unused"),
        "i64": site.integer("default_int64", -1),
        "f32": site.number("default_float", -0.0),
    }
    tensor = site.attribute("default_tensor")
    default = _default_of(tensor, values) if tensor is not None else defaults.get(_kind(values))
    if default is None:  # only the tensor holds the default of these value types
        default = -0.0 if values.dtype.kind == "f" else -1
    if len(keys) != len(values):
        raise ValueError(f"{len(keys)} keys for {len(values)} values")
    if site.opset < 4 and keys.dtype.kind == "f":  # before that, no input matches a NaN key
        keys, values = keys[keys == keys], values[keys == keys]
    return Mapping(keys, values, default)


def _default_of(tensor: np.ndarray, values: np.ndarray) -> Any:
    """Return the default in a tensor of one number or text, of the same type as the values."""
    if tensor.size != 1 or _kind(tensor) != _kind(values):
        raise ValueError(f"its default is {tensor.size} of {tensor.dtype}, for values of {values.dtype}")
    return tensor.item()


def _list(site: Site, name: str) -> np.ndarray:
    """Return the only list of keys or of values that is set."""
    lists: list[np.ndarray] = []
    for suffix, kind in KINDS.items():
        items = site.attribute(f"{name}_{suffix}")
        if items is not None and len(items):
            lists.append(_as_array(items, kind))
    tensor = site.attribute(f"{name}_tensor")
    if tensor is not None:
        lists.append(np.ravel(tensor))
    if len(lists) != 1:
        raise ValueError(f"{name}: expected one list, found {len(lists)}")
    return lists[0]


def _kind(values: np.ndarray) -> str:
    return "str" if values.dtype.kind == "U" else f"{values.dtype.kind}{values.dtype.itemsize * 8}"


def _as_array(items: list[Any], kind: str) -> np.ndarray:
    return texts_as_array(items) if kind == "str" else np.array(items, np.int64 if kind == "i64" else np.float32)


@converts("ai.onnx.ml", "CategoryMapper")
def category_mapper(site: Site) -> Rows:
    """Map texts to numbers, or back."""
    texts = texts_as_array(site.attribute("cats_strings", []))
    numbers = np.array(site.attribute("cats_int64s", []), np.int64)
    to_number, to_text = site.integer("default_int64", -1), site.text("default_string", "_Unused")
    if len(texts) != len(numbers):
        raise ValueError(f"{len(texts)} texts for {len(numbers)} numbers")
    is_text = site.rows(0).node.type.is_text
    return _mapped(site, Mapping(texts, numbers, to_number) if is_text else Mapping(numbers, texts, to_text))


def _mapped(site: Site, mapping: Mapping) -> Rows:
    x = site.rows(0)
    if (mapping.keys.dtype.kind == "U") != x.node.type.is_text:
        raise site.refuse(f"its keys do not fit its input of {x.dtype}", "export a graph whose keys fit its input")
    if mapping.values.dtype.kind == "U":
        return x.of(_text_of(site, x, mapping))
    parts = _numbers_of(codes(x, mapping.keys), mapping)
    return x.of(parts[0] if len(parts) == 1 else concat(parts))


def _numbers_of(positions: list[Node], mapping: Mapping) -> list[Node]:
    values = mapping.values if mapping.values.dtype != bool else mapping.values.astype(np.int64)
    table = Parameter.of(np.concatenate([values, np.array([mapping.default], values.dtype)]))
    shifted = _with_default(positions, len(values))
    if values.dtype.kind == "f":
        return [ops.Take(code, table) for code in shifted]
    return [ops.Take(code, table, 0.0) for code in shifted]


def _text_of(site: Site, x: Rows, mapping: Mapping) -> Node:
    if x.node.type.columns != 1:
        raise site.refuse("it returns several texts per row", "map one column at a time")
    labels = [*mapping.values.tolist(), str(mapping.default)]
    code = _with_default(codes(x, mapping.keys), len(labels) - 1)[0]
    return ops.LabelLookup(code, Parameter.strings(labels))


def _with_default(positions: list[Node], count: int) -> list[Node]:
    """Replace -1, the code of unknown values, by the code after the last."""
    same = Parameter.of(np.arange(count))
    return [ops.Take(code, same, float(count)) for code in positions]


def codes(x: Rows, keys: np.ndarray, *, refuse_unknown: bool = False) -> list[Node]:
    """Return, for each column, the position of its values among the keys, or -1; the first of equal keys counts."""
    first: dict[Any, int] = {}
    for i, key in enumerate(keys.tolist()):
        first.setdefault(NAN if key != key else key, i)
    missing = first.pop(NAN, None)
    columns = x.columns()
    listed = _as_keys(list(first), columns[0], keys.dtype)
    nan = -1 if missing is None else len(first)
    places = [*first.values(), *([] if missing is None else [missing])]
    none = -1 if listed.dtype == "str" else nan  # among numbers None is a NaN
    options: dict[str, Any] = {"nan_code": nan, "none_code": none, "refuse_unknown": refuse_unknown}
    positions = [ops.Lookup(column, listed, **options) for column in columns]
    if places == list(range(len(places))):
        return list(positions)
    original = Parameter.of(np.array(places, np.int64))
    return [ops.Take(code, original, -1.0) for code in positions]


def _as_keys(keys: list[Any], column: Node, dtype: Any) -> Parameter:
    """Return distinct keys in the type of the column that is looked up.

    Raises:
        ValueError: the type cannot represent them.
    """
    if column.type.is_text:
        return Parameter.strings(keys)
    listed = np.array(keys, column.type.numpy)
    if not (listed == np.array(keys, dtype)).all():
        raise ValueError(f"its keys do not fit {column.type}")
    return Parameter.of(listed)


@converts("ai.onnx.ml", "OneHotEncoder")
def one_hot_encoder(site: Site) -> Rows:
    """Return a 1 in the column of each value's category; unknown values give zeros, or are rejected."""
    x = site.rows(0)
    texts, numbers = site.attribute("cats_strings"), site.integers("cats_int64s")
    refuse = not site.integer("zeros", 1)
    if x.node.type.is_text:
        keys = texts_as_array(texts or [])
    else:
        x = x.of(cast(x.dense, "i64"))  # floats are truncated to integers
        keys = np.zeros(0, np.int64) if numbers is None else numbers
    if len(set(keys.tolist())) < len(keys) or not len(keys):
        raise ValueError(f"{len(keys)} categories, of which {len(set(keys.tolist()))} differ")
    parts = [ops.OneHot(code, len(keys), "f32") for code in codes(x, keys, refuse_unknown=refuse)]
    return Rows(concat(parts), (*x.tail, len(keys)), x.axis)
