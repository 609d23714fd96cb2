"""The columns of a table or an array, by name or by position."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.adapters.convert import as_array, numbers_as_array
from pretzel.adapters.sparse import reject_sparse_columns, written_out
from pretzel.adapters.tables import column_names, columns_in_order, columns_named, is_sparse, names_of, table_of
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription


def input_columns(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the columns of X for inputs of numbers or texts, in their original types."""
    names = [item.name for item in inputs]
    if metadata.get("input_style") == "frame":
        return named_columns(X, names, metadata)
    if metadata.get("input_style") == "positions":
        return positioned_columns(X, [str(i) for i in range(metadata["columns"])], metadata)
    objects = isinstance(X, (list, tuple)) and metadata.get("lists") == "objects"
    return {names[0]: as_array(X, object) if objects else X}


def named_columns(X: Any, names: list[str], metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a table with columns of these names; columns of an array take the feature names of the model."""
    reject_sparse_columns(X, metadata)
    check_order(X, metadata)
    columns = columns_named(X, names)
    if columns is not None:
        return columns
    table = table_of(X)
    if table is None:
        table = positioned_columns(X, list(metadata.get("feature_names") or names), metadata)
    elif metadata.get("spaces"):
        table = {known_as(name, names, metadata): column for name, column in table.items()} | table
    for name in names:
        if name not in table:
            raise InputError(f"column {name!r} is missing; the table has {_listed(list(table))}")
    return table


def names_read(X: Any, names: list[str], metadata: Mapping[str, Any]) -> list[str]:
    """Return the names under which :func:`named_columns` reads the columns of a table, in order."""
    given = names_of(X.columns)
    if all(isinstance(name, str) for name in given):
        return [known_as(name, names, metadata) for name in given]
    return list(metadata.get("feature_names") or names)  # by position, as scikit-learn does


def reject_lists(name: str, values: Any) -> None:
    """Reject a list of lists as a column of single values: NumPy would make one value of a list of one.

    Raises:
        InputError: a value is a list; the message names the column and the row.
    """
    if not isinstance(values, (list, tuple)):
        return
    row = next((i for i, value in enumerate(values) if isinstance(value, (list, tuple, np.ndarray))), None)
    if row is not None:
        raise InputError(f"column {name!r}, row {row}: expected one value, got a {type(values[row]).__name__}")


def stacked(table: Mapping[str, Any]) -> np.ndarray:
    """Return the columns of a table as one array.

    Raises:
        InputError: the table is without columns, a column has more than one value per row, or columns differ in length.
    """
    if not table:
        raise InputError("X: a table without columns")
    arrays = []
    for name, values in table.items():
        arrays.append(numbers_as_array(name, values))
        if arrays[-1].ndim != 1:
            raise InputError(f"column {name!r}: expected one value per row, got an array of shape {arrays[-1].shape}")
        if len(arrays[-1]) != len(arrays[0]):
            raise InputError(f"column {name!r} has {len(arrays[-1])} rows, but {next(iter(table))!r} {len(arrays[0])}")
    return np.column_stack(arrays)


def check_order(X: Any, metadata: Mapping[str, Any]) -> None:
    """Reject a table with reordered columns, if the library reads columns by position whatever their names.

    ``order: pandas`` in the metadata: it does so for the tables of other libraries than pandas.  ``others: refused``:
    further columns are rejected, because the library's result has values for them, or is computed from them.  Rows of
    named values have no order, but may have further names.

    Raises:
        InputError: the table has the columns of the model in another order, or further ones, or another index.
    """
    reject_index(X, metadata)
    rule, alone = metadata.get("order"), metadata.get("others") == "refused"
    by_position = rule == "strict" or (rule == "pandas" and not hasattr(X, "iloc"))
    if not by_position and not alone:
        return
    names = column_names(X)
    if names is None and alone:
        names, by_position = _keys(X), False
    expected = list(metadata.get("feature_names") or metadata.get("order_names") or ())
    if names is None or names == expected:
        return
    actual = [known_as(str(name), expected, metadata) for name in names]
    has_others = alone and expected and {*actual} > {*expected}
    if has_others or (by_position and actual != expected and sorted(actual) == sorted(expected)):
        raise InputError(names_differ(actual, expected))


def reject_index(X: Any, metadata: Mapping[str, Any]) -> None:
    """Reject a pandas table whose rows are not numbered from 0, if a function of the model aligns rows by the index.

    Raises:
        InputError: ``index: refused`` is in the metadata, and the index is another.
    """
    if metadata.get("index") == "refused" and hasattr(X, "iloc"):
        labels = X.index.tolist()
        row = next((row for row, label in enumerate(labels) if label != row), None)
        if row is not None:
            reason = "a function of the model aligns rows by the index, and numbers others from 0"
            raise InputError(f"X: row {row} has the index {labels[row]!r:.40}: {reason}; call reset_index(drop=True)")


def _keys(X: Any) -> list[Any] | None:
    """Return the names of a mapping of columns, or of the first of rows that are mappings; None for anything else."""
    first = X[0] if isinstance(X, (list, tuple)) and X else X
    return list(first) if isinstance(first, Mapping) and not is_sparse(first) else None


def known_as(column: str, names: Container[str], metadata: Mapping[str, Any]) -> str:
    """Return the model's name of a column; LightGBM replaces spaces in names."""
    written = column.replace(" ", metadata.get("spaces", " "))
    return written if column not in names and written in names else column


def positioned_columns(X: Any, names: list[str], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a table or an array by position, under these names."""
    reject_sparse_columns(X, metadata)
    columns = columns_in_order(X)
    if columns is not None:
        if len(columns) != len(names):
            raise InputError(f"X: expected {len(names)} columns, got a table of {len(columns)}")
        return dict(zip(names, columns, strict=True))
    array = (
        written_out(X, metadata)
        if is_sparse(X)
        else _of_rows(X, metadata)
        if isinstance(X, (list, tuple))
        else as_array(X)
    )
    if array.ndim != 2 or array.shape[1] != len(names):
        raise InputError(f"X: expected {len(names)} columns ({_listed(names)}), got an array of shape {array.shape}")
    return {name: array[:, i] for i, name in enumerate(names)}


def _listed(names: Sequence[str], most: int = 8) -> str:
    text = ", ".join(repr(name) for name in names[:most])
    return f"{text}, ... ({len(names)} in all)" if len(names) > most else text or "none"


def names_differ(actual: list[str], expected: list[str]) -> str:
    """Return the message about a table whose columns are not those of the training data, in that order."""
    if odd := sorted({*expected} - {*actual}):
        return f"column {odd[0]!r} is missing; the table has {_listed(actual)}"
    if odd := sorted({*actual} - {*expected}):
        return f"column {odd[0]!r} was not in the training data; drop it"
    return f"the columns are {_listed(actual)}, but the model was trained on {_listed(expected)}; reorder them"


def _of_rows(rows: Any, metadata: Mapping[str, Any]) -> np.ndarray:
    """Return a list of rows as an array: of booleans or numbers, otherwise of objects."""
    array = as_array(rows, object)
    plain = array.ndim == 2 and {*map(type, array.flat)} <= {int, float, bool, np.bool_}
    return as_array(rows) if plain and metadata.get("lists") != "objects" else array
