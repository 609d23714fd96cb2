"""What a user calls X, cut into the columns that a model takes.

The model says how: ``matrix``, one input that holds all features; ``texts``, one input of documents; ``lists``, one of
lists of texts; ``records``, the names and the values of rows that are dictionaries or pairs; ``frame``, one input a
column, found by name in a table or by position in an array; ``positions``, one input a column, found by position in
either and named by it: ``0``, ``1``, ...
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.client.columns import Column, as_array, as_texts, column_of
from pretzel.client.integers import as_read
from pretzel.client.records import list_column, record_columns, record_names
from pretzel.client.tables import array_of, columns_in_order, columns_named, is_sparse, table_of
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription
from pretzel.plan.types import ValueType

DECIDES = (
    *("input_style", "feature_names", "columns", "records", "integers_as_text", "absent", "spaces"),
    *("integers", "integers_read", "lists", "typed"),
)
"""What of a version's metadata is read here: of models that agree on it and on their inputs, X is cut alike."""


def columns_of(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    """Return the columns that a request for this model must bring.

    Args:
        X: an array of any dtype, lists, a table, a SciPy sparse matrix, documents, or dictionaries.
        inputs: what the model takes.
        metadata: of the model's version; ``input_style`` says how to cut, ``feature_names`` what the columns of an
            array are called, ``records`` which columns hold named values, and how.

    Raises:
        InputError: X does not hold what the model takes; the message names the column, what was expected and what came.
            Or it has no rows, but for documents, of which the libraries take none.
    """
    style = metadata.get("input_style") or _guess(inputs)
    if style not in _STYLES:
        raise InputError(f"input style {style!r} is unknown to this client; upgrade it, or call infer() with columns")
    columns = _STYLES[style](X, inputs, metadata)
    if style != "texts" and columns and not len(next(iter(columns.values()))):
        raise InputError("X: found 0 samples, while a minimum of 1 is required")  # as the libraries say
    return columns


def _guess(inputs: Sequence[InputDescription]) -> str:
    if len(inputs) != 1:
        return "frame"
    return "texts" if inputs[0].type == ValueType("str") else "matrix"


def _matrix(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    table, names = table_of(X), metadata.get("feature_names")
    given, only = X, inputs[0]
    if table is not None and names and list(table) != list(names):
        raise InputError(_names_differ(list(table), list(names)))
    if is_sparse(X) and inputs[0].type.layout == "dense":
        X = _filled(X, metadata)
    if table is not None and not hasattr(X, "iloc"):
        X = np.column_stack([array_of(column, number=True) for column in table.values()])
    read = {only.name: X} if is_sparse(X) or only.type.is_text else as_read({only.name: X}, given, inputs, metadata)
    return {only.name: column_of(only.name, read[only.name], only.type)}


def _names_differ(got: list[str], wanted: list[str]) -> str:
    if odd := sorted({*wanted} - {*got}):
        return f"column {odd[0]!r} is missing; the table has {_listed(got)}"
    if odd := sorted({*got} - {*wanted}):
        return f"column {odd[0]!r} was not there when the model was trained; leave it out"
    return f"the columns come as {_listed(got)}, but the model was trained on {_listed(wanted)}; put them in that order"


def _texts(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    name = inputs[0].name
    if isinstance(X, (str, bytes)):
        raise InputError(f"column {name!r}: expected a list of documents, got one string; put it in a list")
    if isinstance(X, Mapping) or not isinstance(X, Iterable) or getattr(X, "ndim", 1) != 1:
        raise InputError(
            f"column {name!r}: expected a list of documents, got {type(X).__name__}; pass the column of text"
        )
    return {name: column_of(name, X, inputs[0].type)}


def _lists(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    return {inputs[0].name: list_column(inputs[0].name, X)}


def _records(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    ((name, form),) = metadata["records"].items()
    return dict(record_columns(name, X, form))


def _frame(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    return _columns_read(X, lambda names: _columns(X, names, metadata), inputs, metadata)


def _positions(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    names = [str(i) for i in range(metadata["columns"])]
    return _columns_read(X, lambda _: _by_position(X, names, metadata), inputs, metadata)


def _columns_read(
    X: Any,
    cut: Callable[[list[str]], Mapping[str, Any]],
    inputs: Sequence[InputDescription],
    metadata: Mapping[str, Any],
) -> dict[str, Column]:
    """Return the columns that are sent, of those that ``cut`` finds by their names."""
    records = metadata.get("records") or {}
    derived = {part for name in records for part in record_names(name)}
    kinds = {i.name: i.type for i in inputs if i.name not in derived}
    table = cut([*records, *kinds])
    made = {name: record_columns(name, table[name], form) for name, form in records.items()}
    as_text = set(metadata.get("integers_as_text") or ())
    chosen: Mapping[str, Any] = {name: as_texts(table[name]) if name in as_text else table[name] for name in kinds}
    chosen = as_read(chosen, X, inputs, metadata)
    columns: dict[str, Column] = {name: column_of(name, chosen[name], kind) for name, kind in kinds.items()}
    return columns | {name: column for pair in made.values() for name, column in pair.items()}


def given_columns(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what X holds of each input of numbers or texts, of the type that it has there."""
    names = [item.name for item in inputs]
    if metadata.get("input_style") == "frame":
        return _columns(X, names, metadata)
    if metadata.get("input_style") == "positions":
        return _by_position(X, [str(i) for i in range(metadata["columns"])], metadata)
    objects = isinstance(X, (list, tuple)) and metadata.get("lists") == "objects"
    return {names[0]: as_array(X, object) if objects else X}


def _columns(X: Any, names: list[str], metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a table that has columns of these names; those of an array are called what its model was trained on."""
    found = columns_named(X, names)
    if found is not None:
        return found
    table = table_of(X)
    if table is None:
        table = _by_position(X, list(metadata.get("feature_names") or names), metadata)
    elif metadata.get("spaces"):
        table = {known_as(name, names, metadata): column for name, column in table.items()} | table
    for name in names:
        if name not in table:
            raise InputError(f"column {name!r} is missing; the table has {_listed(list(table))}")
    return table


def known_as(column: str, names: Container[str], metadata: Mapping[str, Any]) -> str:
    """Return the name by which a model knows a column; LightGBM writes another letter for a space."""
    written = column.replace(" ", metadata.get("spaces", " "))
    return written if column not in names and written in names else column


def _by_position(X: Any, names: list[str], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a table or an array, in their order, under these names."""
    columns = columns_in_order(X)
    if columns is not None:
        if len(columns) != len(names):
            raise InputError(f"X: expected {len(names)} columns, got a table of {len(columns)}")
        return dict(zip(names, columns, strict=True))
    array = (
        _filled(X, metadata) if is_sparse(X) else _of_rows(X, metadata) if isinstance(X, (list, tuple)) else as_array(X)
    )
    if array.ndim != 2 or array.shape[1] != len(names):
        raise InputError(f"X: expected {len(names)} columns ({_listed(names)}), got an array of shape {array.shape}")
    return {name: array[:, i] for i, name in enumerate(names)}


def _listed(names: Sequence[str], most: int = 8) -> str:
    text = ", ".join(repr(name) for name in names[:most])
    return f"{text}, ... ({len(names)} in all)" if len(names) > most else text or "none"


_Style = Callable[[Any, Sequence[InputDescription], Mapping[str, Any]], dict[str, Column]]
_STYLES: dict[str, _Style] = {
    "matrix": _matrix,
    "texts": _texts,
    "lists": _lists,
    "records": _records,
    "frame": _frame,
    "positions": _positions,
}


def _of_rows(rows: Any, metadata: Mapping[str, Any]) -> np.ndarray:
    """Return a list of rows as an array: of numbers where all are, else of objects, so that each stays what it is."""
    array = as_array(rows, object)
    whole = array.ndim == 2 and all(type(value) is int for value in array.ravel().tolist())
    return as_array(rows) if whole and metadata.get("lists") != "objects" else array


def _filled(matrix: Any, metadata: Mapping[str, Any]) -> np.ndarray:
    """Return a sparse matrix as an array; what is not stored is zero, or NaN to a model for which it is missing."""
    if metadata.get("absent") != "missing":
        return np.asarray(matrix.toarray())
    stored = matrix.tocoo()
    array = np.full(stored.shape, np.nan, np.result_type(stored.dtype, np.float32))
    array[stored.row, stored.col] = stored.data
    return array
