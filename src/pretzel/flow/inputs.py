"""Typed inputs of a pipeline: texts, numbers, matrices, lists, records, and tables of columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pretzel.errors import DefinitionError
from pretzel.plan.builder import Value, concat, input
from pretzel.plan.builder.places import place_of_caller
from pretzel.plan.types import NUMBERS, TOKENS, dense
from pretzel.plan.types import sparse as sparse_type

__all__ = ["Table", "input", "number", "numbers", "records", "sparse", "table", "text", "tokens"]

X = "X"
"""The name of the one input of a model that takes no table, as importers name it."""


def text(name: str = X) -> Value:
    """Return an input of one text per row (``str``): X is a list of documents."""
    return input(name, "str")


def tokens(name: str = X) -> Value:
    """Return an input of a list of texts per row (``str[*]``): X is a list of lists of words."""
    return input(name, str(TOKENS))


def number(name: str, dtype: str = "f64") -> Value:
    """Return an input of one number per row: a column of a table."""
    return input(name, dtype)


def numbers(width: int, name: str = X, *, dtype: str = "f64") -> Value:
    """Return an input of a row of numbers, ``f64[width]``: X is an array of shape ``(rows, width)``."""
    return input(name, str(dense(dtype, width)))


def sparse(width: int, name: str = X, *, dtype: str = "f64") -> Value:
    """Return an input of sparse rows, ``f64{width}``, of f32, f64 or i64: X is a SciPy sparse matrix."""
    return input(name, str(sparse_type(dtype, width)))


def records(name: str = X) -> tuple[Value, Value]:
    """Return the names and the values (``str[*]``, ``f64[*]``) of rows that are dictionaries.

    Give them to :meth:`Value.hash_features` or :meth:`Value.lookup_features`.
    """
    return input(f"{name}.names", str(TOKENS)), input(f"{name}.values", str(NUMBERS))


class Table(Mapping[str, Value]):
    """The columns of a table, each a value by its name; see :func:`table`."""

    def __init__(self, types: Mapping[str, str]) -> None:
        """Declare the columns with their types, in the order of an array's columns."""
        place, names = place_of_caller(), tuple(types)
        self._columns = {name: Value(input(name, kind).node, repr(name), place, names) for name, kind in types.items()}

    def __getitem__(self, name: str) -> Value:
        """Return a column.

        Raises:
            DefinitionError: the table has no such column; the message lists its columns.
        """
        if name not in self._columns:
            raise DefinitionError(
                f"table ({place_of_caller()}): column {name!r:.80} is not declared; it has {', '.join(self._columns)}"
            )
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the columns."""
        return iter(self._columns)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self._columns)

    def select(self, *names: str) -> Value:
        """Return one column, or several in one matrix: all numbers, or all texts; without names, all columns."""
        chosen = [self[name] for name in names or self._columns]
        return chosen[0] if len(names) == 1 else concat(*chosen)


def table(types: Mapping[str, str] | None = None, /, **more: str) -> Table:
    """Return the columns of a table: X is a DataFrame, a mapping, or an array with the columns in this order.

    Args:
        types: the type of each column, one value per row: ``f64``, ``i64``, ``str``, ...
        more: further columns, by keyword.

    Raises:
        DefinitionError: a type is unknown, or has several values per row; or a table without columns.
    """
    declared = {**(types or {}), **more}
    for name, kind in declared.items():
        if not isinstance(kind, str) or kind.endswith(("]", "}")):
            problem = f"column {name!r}: expected a type like f64 or str, got {kind!r}"
            raise DefinitionError(f"table ({place_of_caller()}): {problem}")
    if not declared:
        raise DefinitionError(f"table ({place_of_caller()}): expected at least one column, such as table(age='f64')")
    return Table(declared)
