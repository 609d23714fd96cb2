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

from pretzel.adapters.convert import Column, as_array, as_texts, column_of
from pretzel.adapters.decoding import text_column
from pretzel.adapters.integer_functions import refuse_integers
from pretzel.adapters.integers import as_read
from pretzel.adapters.objects import Form, as_frame, refuse_ambiguous_nulls
from pretzel.adapters.polars import refuse_told_apart
from pretzel.adapters.records import list_column, record_columns, record_names
from pretzel.adapters.sparse import as_stored, refuse_dense, refuse_small, refuse_sparse_columns, rows_of, written_out
from pretzel.adapters.tables import array_of, column_names, columns_in_order, columns_named, is_sparse, table_of
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription
from pretzel.plan.types import ValueType

DECIDES = (
    "input_style",
    "input_names",
    "feature_names",
    "records",
    "integers_as_text",
    "integers",
    "integers_read",
    "lists",
    "typed",
    "columns",
    "order",
    "in_order",
    "absent",
    "zeros_apart",
    "stored_zeros",
    "stored_small",
    "float32_unclear",
    "dictionary_nulls",
    "repeats",
    "ascending",
    "spaces",
    "functions",
    "decodes",
    "objects",
    "spelled",
    "apart",
)
"""What of a version's metadata is read here: of models that agree on it and on their inputs, X is cut alike."""

NO_ROWS = "X: found 0 samples, while a minimum of 1 is required"  # as the libraries say


def columns_of(
    X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any], method: str = ""
) -> dict[str, Column]:
    """Return the columns that a request for this model must bring.

    Args:
        X: an array of any dtype, lists, a table, a SciPy sparse matrix, documents, or dictionaries.
        inputs: what the model takes.
        metadata: of the model's version; ``input_style`` says how to cut, ``feature_names`` what the columns of an
            array are called, ``records`` which columns hold named values, and how.
        method: what is asked, of a model some of whose methods read inputs of their own.

    Raises:
        InputError: X does not hold what the model takes; the message names the column, what was expected and what came.
            Or it has no rows, which nearly every step of the libraries rejects; ``infer`` returns an empty result.
    """
    inputs, metadata = read_by(method, inputs, metadata)
    style = metadata.get("input_style") or _guess(inputs)
    if style not in _STYLES:
        raise InputError(f"input style {style!r} is unknown to this client; upgrade it, or call infer() with columns")
    columns = _STYLES[style](X, inputs, metadata)
    if columns and not len(next(iter(columns.values()))):
        raise InputError(NO_ROWS)
    return columns


def read_by(
    method: str, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]
) -> tuple[Sequence[InputDescription], Mapping[str, Any]]:
    """Return the inputs that a method reads, and the metadata by which X is cut for it.

    ``apart`` of the metadata names the methods, as ``inverse_transform``, whose X is not that of the others.
    """
    apart = metadata.get("apart") or {}
    if method in (metadata.get("in_order") or ()):  # which the library reads by position
        metadata = {**metadata, "order": "strict"}
    if method in apart:
        return [item for item in inputs if item.name in apart[method]["inputs"]], {**metadata, **apart[method]}
    others = {name for form in apart.values() for name in form["inputs"]}
    return ([item for item in inputs if item.name not in others] if others else inputs), metadata


def _guess(inputs: Sequence[InputDescription]) -> str:
    if len(inputs) != 1:
        return "frame"
    return "texts" if inputs[0].type == ValueType("str") else "matrix"


def _matrix(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    table, names = table_of(X), metadata.get("feature_names")
    name, forms = inputs[0].name, metadata.get("objects") or {}
    refuse_told_apart(X, [name], metadata)
    if table is not None and names and list(table) != list(names):
        raise InputError(_names_differ(list(table), list(names)))
    if metadata.get("zeros_apart") or inputs[0].type.layout == "sparse":
        X = as_stored(X)
        refuse_dense(X, inputs[0].type.layout, metadata)
        refuse_small(X, metadata)
    if is_sparse(X):
        X = _sparse(X, inputs[0].type, metadata)
    given = X
    if not is_sparse(X):
        refuse_ambiguous_nulls(X, metadata)
    if table is not None and not hasattr(X, "iloc") and not is_sparse(X):
        columns = [_as_framed(column, forms.get(name)) for column in table.values()]
        X = np.column_stack([array_of(column, number=True) for column in columns])
    if metadata.get("functions") and not is_sparse(X):
        refuse_integers(name, X, metadata)
    if not is_sparse(X) and not inputs[0].type.is_text:
        X = as_read({name: X}, given, inputs, metadata)[name]
    if name in forms and hasattr(X, "iloc") and "object" in map(str, np.atleast_1d(X.dtypes)):
        X = X.to_numpy()  # which leaves None what it is
    return {name: column_of(name, X, inputs[0].type, forms.get(name))}


def _as_framed(column: Any, form: Form | None) -> Any:
    """Return a column of a table of Python's own, of rows or of columns of named values, as pandas would make it."""
    return column if form is None or not isinstance(column, (list, tuple)) else as_frame(column, form)


def _sparse(matrix: Any, kind: ValueType, metadata: Mapping[str, Any]) -> Any:
    """Return a sparse matrix in the layout that the model reads."""
    if kind.layout == "dense":
        return written_out(matrix, metadata)
    return rows_of(matrix, metadata)


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
    return {name: _column(name, X, inputs[0].type, metadata)}


def _column(name: str, values: Any, kind: ValueType, metadata: Mapping[str, Any]) -> Column:
    decodes = metadata.get("decodes") or {}
    if name in decodes:
        return text_column(name, values, kind, decodes)
    return column_of(name, values, kind, (metadata.get("objects") or {}).get(name))


def _codes(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    """Read places in a table of classes: whole numbers alone, as NumPy takes no others for positions."""
    array = as_array(array_of(X, number=True))
    if array.dtype.kind not in "biu":
        raise InputError(f"column {inputs[0].name!r}: expected integers, got {array.dtype}; convert the codes first")
    return {inputs[0].name: column_of(inputs[0].name, array, inputs[0].type)}


def _scores(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    """Read a score per class; of two classes that of the second alone, or both."""
    if is_sparse(X):
        raise InputError(f"column {inputs[0].name!r}: expected dense scores, got a sparse matrix; call toarray()")
    array = as_array(array_of(X, number=True))
    second = array[:, 1] if array.ndim == 2 and array.shape[1] == 2 and inputs[0].type.width is None else array
    return {inputs[0].name: column_of(inputs[0].name, second, inputs[0].type)}


def _lists(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    name = inputs[0].name
    return {name: list_column(name, X, spelled=name in (metadata.get("spelled") or ()))}


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
    refuse_told_apart(X, list(kinds), metadata)
    made = {name: record_columns(name, table[name], form) for name, form in records.items()}
    for name in metadata.get("functions") or ():
        refuse_integers(name, table[name], metadata)
    as_text = set(metadata.get("integers_as_text") or ())
    chosen: Mapping[str, Any] = {name: as_texts(table[name]) if name in as_text else table[name] for name in kinds}
    chosen = as_read(chosen, X, inputs, metadata)
    forms = metadata.get("objects") or {}
    refuse_ambiguous_nulls(X, metadata)
    columns: dict[str, Column] = {
        name: _column(name, _as_framed(chosen[name], forms.get(name)), kind, metadata) for name, kind in kinds.items()
    }
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
    refuse_sparse_columns(X, metadata)
    check_order(X, metadata)
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


def check_order(X: Any, metadata: Mapping[str, Any]) -> None:
    """Refuse a table with its columns in another order, where the library would read them by position all the same.

    Raises:
        InputError: it has the columns of the model in another order.
    """
    if metadata.get("order") != "strict":
        return
    names = column_names(X)
    wanted = list(metadata.get("feature_names") or ())
    if names is None or names == wanted:
        return
    known = [known_as(str(name), wanted, metadata) for name in names]
    if known != wanted and sorted(known) == sorted(wanted):
        raise InputError(_names_differ(known, wanted))


def known_as(column: str, names: Container[str], metadata: Mapping[str, Any]) -> str:
    """Return the name by which a model knows a column; LightGBM writes another letter for a space."""
    written = column.replace(" ", metadata.get("spaces", " "))
    return written if column not in names and written in names else column


def _by_position(X: Any, names: list[str], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a table or an array, in their order, under these names."""
    refuse_sparse_columns(X, metadata)
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


_Style = Callable[[Any, Sequence[InputDescription], Mapping[str, Any]], dict[str, Column]]
_STYLES: dict[str, _Style] = {
    "matrix": _matrix,
    "texts": _texts,
    "codes": _codes,
    "scores": _scores,
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
