"""The container that a step is given, as columns of a message and as nodes of a definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.inputs import Open
from pretzel.isolation.side import forms
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter


@dataclass(frozen=True)
class Container:
    """A container by its columns."""

    takes: dict[str, Any]
    """Its description (:func:`pretzel.isolation.side.forms.given`)."""
    columns: list[forms.Column]
    """Its rows."""


class ContainerError(ValueError):
    """A container has no columns of a type."""


def container_of(given: Any) -> Container:
    """Return a container as its description and its columns.

    Raises:
        ContainerError: it cannot be sent; the message says why.
    """
    try:
        return _container(given)
    except forms.FormError as error:
        raise ContainerError(str(error)) from None


def _container(given: Any) -> Container:
    if hasattr(given, "tocsr"):
        takes = {"form": "sparse", "container": _sparse_class(given), "dtypes": [str(given.dtype)]}
        return Container(takes, [forms.returned(given.copy())[0]])
    if type(given).__module__.partition(".")[0] == "pandas":
        return _of_pandas(given)
    if isinstance(given, (list, tuple)) and all(isinstance(value, str) or value is None for value in given):
        return Container({"form": "list"}, forms.returned(np.array(list(given), object)))
    if not isinstance(given, (np.ndarray, list, tuple)):
        raise ContainerError(f"it is given {type(given).__module__}.{type(given).__qualname__}")
    return _of_array(np.asarray(given))


def _sparse_class(matrix: Any) -> str:
    name = type(matrix).__name__
    if name not in ("csr_matrix", "csr_array", "csc_matrix", "csc_array"):
        raise ContainerError(f"it is given a {name}")
    return name


def _of_pandas(given: Any) -> Container:
    if given.ndim == 1:
        takes = {"form": "series", "names": [_name(given.name)], "dtypes": [_dtype(given)]}
        return Container(takes, [_column(given)])
    names = [_name(name) for name in given.columns]
    series = [given.iloc[:, i] for i in range(given.shape[1])]
    takes = {"form": "table", "names": names, "dtypes": list(map(_dtype, series))}
    return Container(takes, list(map(_column, series)))


def _name(name: Any) -> Any:
    if name is not None and type(name) not in (str, int):
        raise ContainerError(f"a column is named {name!r:.60}; texts can be sent")
    return name


def _dtype(series: Any) -> Any:
    if hasattr(series.dtype, "categories"):
        categories = series.dtype.categories.tolist()
        if not all(isinstance(category, str) for category in categories):
            raise ContainerError(f"column {series.name!r} holds categories that are not texts")
        return {"categories": categories, "ordered": bool(series.dtype.ordered)}
    return str(series.dtype)


def _column(series: Any) -> forms.Column:
    numeric = isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf"
    values = series.to_numpy() if numeric else series.astype(object).to_numpy()
    if not numeric and str(series.dtype) not in ("object", "str", "string", "category"):
        raise ContainerError(f"column {series.name!r} holds {series.dtype}")
    return forms.returned(_sendable(values))[0]


def _of_array(given: np.ndarray) -> Container:
    if given.ndim not in (1, 2):
        raise ContainerError(f"it is given an array of {given.ndim} dimensions")
    if given.dtype != object or given.ndim == 1 or _is_text(given):
        dtype = "object" if given.dtype.kind in "OUS" else str(given.dtype)
        return Container({"form": "array", "dtypes": [dtype]}, forms.returned(_sendable(given)))
    columns = [forms.returned(_sendable(_narrowed(column)))[0] for column in given.T]
    return Container({"form": "objects", "dtypes": [kind for kind, _, _ in columns]}, columns)


def _is_text(array: np.ndarray) -> bool:
    return all(isinstance(value, str) or value is None or value != value for value in array.ravel().tolist())


def _narrowed(column: np.ndarray) -> np.ndarray:
    """Return a column of objects as numbers, if it holds floats."""
    if all(type(value) is float for value in column.tolist()):
        return column.astype(np.float64)
    if not _is_text(column):
        kinds = sorted({type(value).__name__ for value in column.tolist()})
        raise ContainerError(f"it is given an array of objects with {' and '.join(kinds)}")
    return column


def _sendable(values: np.ndarray) -> np.ndarray:
    """Return numbers as clients send them: as float64, unless they are float32."""
    if values.dtype.kind in "OUS" or values.dtype in (np.float32, np.float64):
        return values
    return forms.as_dtype("", values, np.dtype(np.float64))


def nodes_of(container: Container, x: Columns) -> tuple[Node, ...]:
    """Return the nodes of the columns of a container, over the input of its step.

    Raises:
        ContainerError: the input has another number of columns.
    """
    kinds = [kind for kind, _, _ in container.columns]
    if len(kinds) == 1:
        return (_whole(x, kinds[0]),)
    if x.width != len(kinds):
        raise ContainerError(f"it is given {len(kinds)} columns, made of {x.width}")
    return tuple(_single(x.select([i]), kind) for i, kind in enumerate(kinds))


def _whole(x: Columns, kind: str) -> Node:
    dtype, width, sparse = forms.parsed(kind)
    if width is None:
        return _single(x, kind)
    if dtype == "str":
        return x.texts()
    if width == 1 and x.width == 1 and not sparse and isinstance(x.parts[0], Open) and x.parts[0].width is None:
        return ops.Concat((_single(x, dtype),))
    return _cast(x.array(), dtype)


def _single(x: Columns, kind: str) -> Node:
    return x.text() if kind == "str" else _cast(x._single("f64"), kind)


def _cast(node: Node, dtype: str) -> Node:
    """Return numbers in the type of the sample."""
    return node if node.type.dtype == dtype else ops.Cast(node, dtype)


def rows_of(given: Any, rows: Sequence[int]) -> Any:
    """Return these rows of a container, in the same form."""
    if hasattr(given, "iloc"):
        return given.iloc[list(rows)]
    if isinstance(given, (list, tuple)):
        return [given[row] for row in rows]
    return given[list(rows)]


def code_of(data: bytes) -> Parameter:
    """Return pickled bytes as a parameter."""
    return Parameter.of(np.frombuffer(data, np.uint8))
