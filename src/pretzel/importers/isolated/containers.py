"""The container that a step is given, as columns of a message and as nodes of a definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.importers.columns import Columns
from pretzel.importers.date_inputs import ticks_of
from pretzel.importers.inputs import Open
from pretzel.importers.isolated.tables import ContainerError, described_pandas, described_polars, sendable
from pretzel.isolation.side import forms
from pretzel.isolation.side.tables import DATES, FormError
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


def container_of(given: Any) -> Container:
    """Return a container as its description and its columns.

    Raises:
        ContainerError: it cannot be sent; the message says why.
    """
    try:
        return _container(given)
    except FormError as error:
        raise ContainerError(str(error)) from None


def _container(given: Any) -> Container:
    if hasattr(given, "tocsr"):
        takes = {"form": "sparse", "container": _sparse_class(given), "dtypes": [str(given.dtype)]}
        return Container(takes, [forms.returned(given.copy())[0]])
    library = type(given).__module__.partition(".")[0]
    if library == "pandas":
        return Container(*described_pandas(given))
    if library == "polars":
        return Container(*described_polars(given))
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


def _of_array(given: np.ndarray) -> Container:
    if given.ndim not in (1, 2):
        raise ContainerError(f"it is given an array of {given.ndim} dimensions")
    if given.dtype != object or given.ndim == 1 or _is_text(given):
        dtype = "object" if given.dtype.kind in "OUS" else str(given.dtype)
        return Container({"form": "array", "dtypes": [dtype]}, forms.returned(sendable(given)))
    columns = [forms.returned(sendable(_narrowed(column)))[0] for column in given.T]
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


def nodes_of(container: Container, x: Columns) -> tuple[Node, ...]:
    """Return the nodes of the columns of a container, over the input of its step.

    Raises:
        ContainerError: the input has another number of columns.
    """
    kinds = [kind for kind, _, _ in container.columns]
    dates = list(map(_date_form, container.takes.get("dtypes") or kinds))
    tabular = container.takes["form"] == "polars"
    if (tabular or len(kinds) > 1) and x.width != len(kinds):
        raise ContainerError(f"it is given {len(kinds)} columns, made of {x.width}")
    if tabular:
        _note_absent(container, x)
    if len(kinds) == 1 and not dates[0]:
        return (_whole(x, kinds[0]),)
    columns = [x.select([i]) for i in range(len(kinds))]
    return tuple(
        _ticks(column, form) if form else _single(column, kind)
        for column, kind, form in zip(columns, kinds, dates, strict=True)
    )


def _date_form(dtype: Any) -> str:
    """Return the type of dates in which a column crosses, or an empty text; polars' days cross as seconds."""
    if dtype == "Date":
        return "datetime64[s]"
    return dtype if isinstance(dtype, str) and DATES.fullmatch(dtype) else ""


def _ticks(column: Columns, form: str) -> Node:
    part = column.parts[0]
    if not isinstance(part, Open):
        raise ContainerError("it is given dates that a step before it made; only those of the model's input are sent")
    return ticks_of(part, form)


def _note_absent(container: Container, x: Columns) -> None:
    """Record for clients whether NaN in columns of floats means null, and so which of both they reject.

    Raises:
        ContainerError: a step before it made such a column, which may hold both.
    """
    for i, (name, dtype) in enumerate(zip(container.takes["names"], container.takes["dtypes"], strict=True)):
        if dtype not in ("Float32", "Float64"):
            continue
        part = x.select([i]).parts[0]
        if not isinstance(part, Open) or part.width is not None:
            raise ContainerError(f"it is given column {name!r} of polars by a step before it, with nulls or with NaN")
        absent = "null" if name in container.takes["absent"] else "nan"
        known = part.inputs.metadata.get("polars_absent") or {}
        part.inputs.metadata["polars_absent"] = {**known, part.name: absent}


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
    if hasattr(given, "get_columns"):
        return given[list(rows)]
    if isinstance(given, (list, tuple)):
        return [given[row] for row in rows]
    return given[list(rows)]


def code_of(data: bytes) -> Parameter:
    """Return pickled bytes as a parameter."""
    return Parameter.of(np.frombuffer(data, np.uint8))
