"""Conversion of X to the columns that a model takes.

The input style of the model selects the conversion: ``matrix``, one input that holds all features; ``texts``, one input
of documents; ``lists``, one of lists of texts; ``records``, the names and the values of rows that are dictionaries or
pairs; ``frame``, one input per column, by name in a table or by position in an array; ``positions``, one input per
column, by position in either and named by it: ``0``, ``1``, ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pretzel.adapters.columns import check_order, named_columns, names_differ, positioned_columns, reject_lists, stacked
from pretzel.adapters.convert import Column, as_array, as_texts, column_of
from pretzel.adapters.dates import with_ticks
from pretzel.adapters.decoding import text_column
from pretzel.adapters.fractions import warn_of_fractions
from pretzel.adapters.integer_functions import reject_integers
from pretzel.adapters.integers import as_read
from pretzel.adapters.kinds import in_native_order, reject_categories, reject_codes, reject_float_type
from pretzel.adapters.objects import Form, as_frame, reject_ambiguous_nulls
from pretzel.adapters.polars import reject_distinguished
from pretzel.adapters.records import list_column, record_columns, record_names
from pretzel.adapters.rejections import reject_objects, reject_unlike
from pretzel.adapters.sparse import as_stored, reject_dense, reject_small, rows_of, written_out
from pretzel.adapters.tables import array_of, dtypes_of, is_sparse, table_of
from pretzel.adapters.text_types import reject_text_types
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
    "order_names",
    "in_order",
    "index",
    "without_others",
    "others",
    "absent",
    "byte_order",
    "without_categories",
    "codes",
    "dense_only",
    "zeros_apart",
    "sparse_columns",
    "stored_zeros",
    "stored_nan",
    "stored_small",
    "float32_unclear",
    "dictionary_nulls",
    "repeats",
    "ascending",
    "spaces",
    "functions",
    "rejected_types",
    "kept",
    "traced",
    "without_booleans",
    "without_na",
    "compared",
    "decodes",
    "objects",
    "spelled",
    "apart",
    "of_type",
    "fractions",
    "dates",
    "dates_in_unit",
    "polars_absent",
    "text_types",
)
"""Keys of a version's metadata read here: models with equal values and inputs convert X to the same columns."""

NO_ROWS = "X: found 0 samples, while a minimum of 1 is required"  # the message of the libraries


def columns_of(
    X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any], method: str = ""
) -> dict[str, Column]:
    """Return the columns of a request to this model.

    Args:
        X: an array of any dtype, lists, a table, a SciPy sparse matrix, documents, or dictionaries.
        inputs: the inputs of the model.
        metadata: metadata of the model's version: ``input_style`` selects the conversion, ``feature_names`` names the
            columns of an array, ``records`` lists the columns of named values and their forms.
        method: the method to compute, for models whose methods read different inputs.

    Raises:
        InputError: X does not match the inputs; the message names the column, the expected and the actual value.
            Or X has no rows, which nearly every step of the libraries rejects; ``infer`` returns an empty result.
    """
    inputs, metadata = read_by(method, inputs, metadata)
    X = in_native_order(X, metadata)
    reject_categories(X, metadata)
    reject_text_types(X, metadata)
    reject_float_type(X, metadata, method)
    style = style_of(inputs, metadata)
    if style not in _STYLES:
        raise InputError(f"input style {style!r} is unknown to this client; upgrade it, or call infer() with columns")
    columns = _STYLES[style](X, inputs, metadata)
    if columns and not len(next(iter(columns.values()))):
        raise InputError(NO_ROWS)
    reject_codes(X, columns, metadata)
    warn_of_fractions(columns, metadata)
    return columns


def read_by(
    method: str, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]
) -> tuple[Sequence[InputDescription], Mapping[str, Any]]:
    """Return the inputs that a method reads, and the metadata for its X.

    ``apart`` in the metadata lists the methods, such as ``inverse_transform``, whose X differs from that of the others.
    """
    separate = metadata.get("apart") or {}
    if method in (metadata.get("in_order") or ()):  # the library reads X by position
        metadata = {**metadata, "order": "strict"}
    if method in (metadata.get("without_others") or ()):
        metadata = {**metadata, "others": "refused"}
    if method in separate:
        return [item for item in inputs if item.name in separate[method]["inputs"]], {**metadata, **separate[method]}
    others = {name for form in separate.values() for name in form["inputs"]}
    return ([item for item in inputs if item.name not in others] if others else inputs), metadata


def style_of(inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> str:
    """Return the input style of a model; a definition without one is read by the number and type of its inputs."""
    if known := metadata.get("input_style"):
        return str(known)
    if len(inputs) != 1:
        return "frame"
    return "texts" if inputs[0].type == ValueType("str") else "matrix"


def _matrix(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    table, names = table_of(X), metadata.get("feature_names")
    name, forms = inputs[0].name, metadata.get("objects") or {}
    check_order(X, metadata)
    reject_distinguished(X, [name], metadata)
    if table is not None and names and list(table) != list(names):
        raise InputError(names_differ(list(table), list(names)))
    if metadata.get("zeros_apart") or inputs[0].type.layout == "sparse":
        X = as_stored(X, metadata)
        reject_dense(X, inputs[0].type.layout, metadata)
        reject_small(X, metadata)
    if is_sparse(X):
        X = _sparse(X, inputs[0].type, metadata)
    original = X
    if not is_sparse(X):
        reject_ambiguous_nulls(X, metadata)
    if table is not None and not hasattr(X, "iloc") and not is_sparse(X):
        X = stacked({label: _as_framed(column, forms.get(name)) for label, column in table.items()})
    reject_unlike({name: X}, metadata)
    if metadata.get("functions") and not is_sparse(X):
        reject_objects(name, X, metadata)
        reject_integers(name, X, metadata)
    if not is_sparse(X) and not inputs[0].type.is_text:
        X = as_read({name: X}, original, inputs, metadata)[name]
    if name in forms and hasattr(type(X), "iloc") and "object" in map(str, dtypes_of(X)):
        X = X.to_numpy()  # keeps None
    return {name: column_of(name, X, inputs[0].type, forms.get(name))}


def _as_framed(column: Any, form: Form | None) -> Any:
    """Convert a list, a column of a mapping or of records, as pandas would; return other columns unchanged."""
    return column if form is None or not isinstance(column, (list, tuple)) else as_frame(column, form)


def _sparse(matrix: Any, kind: ValueType, metadata: Mapping[str, Any]) -> Any:
    """Return a sparse matrix in the layout of the model's input."""
    if kind.layout == "dense":
        return written_out(matrix, metadata)
    return rows_of(matrix, metadata)


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
    """Read positions in a table of classes: only integers, as NumPy requires of positions."""
    array = as_array(array_of(X, number=True))
    if array.dtype.kind not in "biu":
        raise InputError(f"column {inputs[0].name!r}: expected integers, got {array.dtype}; convert the codes first")
    return {inputs[0].name: column_of(inputs[0].name, array, inputs[0].type)}


def _scores(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    """Read a score per class; for two classes, only that of the second, or both."""
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
    return _columns_read(X, lambda names: named_columns(X, names, metadata), inputs, metadata)


def _positions(X: Any, inputs: Sequence[InputDescription], metadata: Mapping[str, Any]) -> dict[str, Column]:
    check_order(X, metadata)
    names = [str(i) for i in range(metadata["columns"])]
    return _columns_read(X, lambda _: positioned_columns(X, names, metadata), inputs, metadata)


def _columns_read(
    X: Any,
    cut: Callable[[list[str]], Mapping[str, Any]],
    inputs: Sequence[InputDescription],
    metadata: Mapping[str, Any],
) -> dict[str, Column]:
    """Convert the columns that ``cut`` returns for a list of names."""
    records = metadata.get("records") or {}
    derived = {part for name in records for part in record_names(name)}
    kinds = {i.name: i.type for i in inputs if i.name not in derived}
    table = with_ticks(cut([*records, *kinds]), metadata)
    for name, kind in kinds.items():
        if kind.layout == "dense":
            reject_lists(name, table[name])
    reject_distinguished(X, list(kinds), metadata)
    pairs = {name: record_columns(name, table[name], form) for name, form in records.items()}
    reject_unlike(table, metadata)
    for name in metadata.get("functions") or ():
        reject_objects(name, table[name], metadata)
        reject_integers(name, table[name], metadata)
    as_text = set(metadata.get("integers_as_text") or ())
    values: Mapping[str, Any] = {name: as_texts(table[name]) if name in as_text else table[name] for name in kinds}
    values = as_read(values, X, inputs, metadata)
    forms = metadata.get("objects") or {}
    reject_ambiguous_nulls(X, metadata)
    columns: dict[str, Column] = {
        name: _column(name, _as_framed(values[name], forms.get(name)), kind, metadata) for name, kind in kinds.items()
    }
    return columns | {name: column for pair in pairs.values() for name, column in pair.items()}


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
