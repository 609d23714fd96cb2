"""What a user calls X, cut into the columns that a model takes.

The model says how: ``matrix``, one input that holds all features; ``texts``, one input of documents; ``lists``, one of
lists of texts; ``records``, the names and the values of rows that are dictionaries or pairs; ``frame``, one input a
column, found by name in a table or by position in an array.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.client.records import list_column, record_columns, record_names
from pretzel.client.tables import array_of, columns_named, is_sparse, table_of, texts_of
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Ragged, Texts

Column = np.ndarray | Texts | Csr | Ragged

DECIDES = ("input_style", "feature_names", "records", "integers_as_text", "integers", "absent", "spaces")
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


def column_of(name: str, values: Any, kind: ValueType) -> Column:
    """Return one column, converted to exactly the type that the model declares, which is that of its sample.

    Raises:
        InputError: the values have another shape, are no numbers, or are no integers where the model takes integers;
            or are float16, in which libraries compute some steps.
    """
    try:
        if isinstance(values, (Texts, Csr, Ragged)):
            return values
        if is_sparse(values):
            return _from_sparse(values, kind)
        if kind.layout == "ragged":
            return list_column(name, values)
        return _text(values, kind) if kind.is_text else _number(array_of(values, number=True), kind)
    except InputError as error:
        raise InputError(f"column {name!r}: {error}") from None


def typed_columns(columns: Mapping[str, Any]) -> dict[str, Column]:
    """Return columns as they were given, each in the form that is sent; no type is changed.

    Raises:
        InputError: one is neither numbers nor texts.
    """
    return {name: _as_given(name, values) for name, values in columns.items()}


def _as_given(name: str, values: Any) -> Column:
    if isinstance(values, (Texts, Csr, Ragged)):
        return values
    if is_sparse(values):
        return Csr(values.tocsr().data, values.tocsr().indices, values.tocsr().indptr, values.shape[1])
    array = np.asarray(array_of(values, number=False))
    if array.dtype.kind in "UO":
        return column_of(name, array, ValueType("str", array.shape[1] if array.ndim == 2 else None))
    return array


def _guess(inputs: Sequence[InputDescription]) -> str:
    if len(inputs) != 1:
        return "frame"
    return "texts" if inputs[0].type == ValueType("str") else "matrix"


def _matrix(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    table, names = table_of(X), metadata.get("feature_names")
    if table is not None and names and list(table) != list(names):
        raise InputError(_names_differ(list(table), list(names)))
    if is_sparse(X) and inputs[0].type.layout == "dense":
        X = _filled(X, metadata)
    if table is None:
        X = _as_read(X, metadata)
    elif not hasattr(X, "iloc"):
        X = np.column_stack([array_of(column, number=True) for column in table.values()])
    return {inputs[0].name: column_of(inputs[0].name, X, inputs[0].type)}


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
    records = metadata.get("records") or {}
    derived = {part for name in records for part in record_names(name)}
    kinds = {i.name: i.type for i in inputs if i.name not in derived}
    table = _columns(X, [*records, *kinds], metadata)
    made = {name: record_columns(name, table[name], form) for name, form in records.items()}
    as_text = set(metadata.get("integers_as_text") or ())
    chosen = {name: as_texts(table[name]) if name in as_text else table[name] for name in kinds}
    columns: dict[str, Column] = {name: column_of(name, chosen[name], kind) for name, kind in kinds.items()}
    return columns | {name: column for pair in made.values() for name, column in pair.items()}


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


def as_texts(values: Any) -> Any:
    """Return a column of categories with integers as their digits, which is how libraries know them that hash them."""
    if isinstance(values, Texts) or _type_name(values).startswith(("str", "<u", "large_string")):
        return values
    array = array_of(values, number=False)
    array = array if isinstance(array, np.ndarray) else _array(array, object)
    if array.dtype.kind in "iu":
        return np.array(list(map(str, array.ravel().tolist())), object).reshape(array.shape)
    return np.array([_digits(value) for value in array.ravel().tolist()], object).reshape(array.shape)


def _type_name(values: Any) -> str:
    """Return what a column's library calls its type: ``str``, ``string``, ``String`` and the like hold texts alone."""
    return str(getattr(values, "dtype", getattr(values, "type", ""))).lower()


def _digits(value: Any) -> Any:
    return str(int(value)) if isinstance(value, (int, np.integer, np.bool_)) else value


def _by_position(X: Any, names: list[str], metadata: Mapping[str, Any]) -> dict[str, Any]:
    array = (
        _filled(X, metadata)
        if is_sparse(X)
        else _array(_as_read(X, metadata), object if isinstance(X, (list, tuple)) else None)
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
}


def _as_read(X: Any, metadata: Mapping[str, Any]) -> Any:
    """Return an array of integers rounded to float32, if that is how the library reads one (LightGBM)."""
    if metadata.get("integers") != "f32" or is_sparse(X) or hasattr(X, "columns"):
        return X
    array = np.asarray(X)
    return array.astype(np.float32) if array.dtype.kind in "iu" else X


def _filled(matrix: Any, metadata: Mapping[str, Any]) -> np.ndarray:
    """Return a sparse matrix as an array; what is not stored is zero, or NaN to a model for which it is missing."""
    if metadata.get("absent") != "missing":
        return np.asarray(matrix.toarray())
    stored = matrix.tocoo()
    array = np.full(stored.shape, np.nan, np.result_type(stored.dtype, np.float32))
    array[stored.row, stored.col] = stored.data
    return array


# One column


def _from_sparse(matrix: Any, kind: ValueType) -> Column:
    _check_shape(matrix.shape, kind)
    if kind.layout != "sparse":
        return _cast(matrix.toarray(), kind)
    csr = matrix.tocsr()
    data = _cast(np.asarray(csr.data), kind)
    return Csr(data, csr.indices.astype(np.int32), csr.indptr.astype(np.int64), kind.columns)


def _text(values: Any, kind: ValueType) -> Texts:
    if kind.width is None and getattr(values, "ndim", 1) == 1:
        texts = texts_of(values)
        return texts if isinstance(texts, Texts) else _texts_of(texts, None)
    return _texts_of(_shaped(_array(array_of(values, number=False), object), kind).ravel().tolist(), kind.width)


def _texts_of(values: list[Any], width: int | None) -> Texts:
    try:
        return Texts.of(values, width)
    except InputError:  # pandas' NA, which compares with nothing, is a NaN here; what else it was is said again
        return Texts.of([float("nan") if type(value).__name__ == "NAType" else value for value in values], width)


def _number(values: Any, kind: ValueType) -> Column:
    array = _cast(_shaped(_array(values), kind), kind)
    return Csr.of(array) if kind.layout == "sparse" else array


def _array(values: Any, dtype: type | None = None) -> np.ndarray:
    try:
        return np.asarray(values, dtype)
    except (ValueError, TypeError) as error:
        raise InputError(f"{type(values).__name__}: no array ({error})") from None


def _shaped(array: np.ndarray, kind: ValueType) -> np.ndarray:
    if kind.width is None and array.ndim == 2 and array.shape[1] == 1:
        return array.ravel()
    _check_shape(array.shape, kind)
    return array


def _check_shape(shape: tuple[int, ...], kind: ValueType) -> None:
    if kind.width is None and len(shape) != 1:
        alone = "one value; put it in a list" if not shape else f"an array of shape {shape}"
        raise InputError(f"expected one value a row, got {alone}")
    if kind.width is not None and len(shape) != 2:
        raise InputError(
            f"expected rows of {kind.width} features, got an array of shape {shape}; "
            "reshape(1, -1) makes one row of it, reshape(-1, 1) one column"
        )
    if kind.width is not None and shape[1] != kind.width:
        raise InputError(f"expected {kind.width} features a row, got {shape[1]}")


def _cast(array: np.ndarray, kind: ValueType) -> np.ndarray:
    target = kind.numpy
    if array.dtype == target:
        return array
    if array.dtype.kind not in "biufO":
        raise InputError(f"expected numbers, got {array.dtype}; convert them first")
    if array.dtype == np.float16:
        raise InputError("float16, in which some steps of the libraries would compute; convert it to float32 first")
    try:
        with np.errstate(invalid="ignore"):
            cast = array.astype(target)
    except (ValueError, TypeError, OverflowError) as error:
        raise InputError(f"expected {kind}: {error}") from None
    if target.kind != "f" and not np.can_cast(array.dtype, target, "safe") and (cast != array).any():
        row = int(np.argwhere(cast != array)[0][0])
        raise InputError(f"row {row}: {array[row]!r} is no {target.name}")
    return cast
