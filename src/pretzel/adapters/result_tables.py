"""Conversion of tables that a method returns to the outputs of its columns, and back.

The types of the columns are in the metadata (:mod:`pretzel.plan.result_tables`).
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.isolation.side.results import typed_columns, types_of
from pretzel.isolation.side.tables import FormError, pandas_column
from pretzel.plan import multioutput
from pretzel.plan.result_tables import ResultTable, result_table


def split(method: str, answer: Any, outputs: Sequence[str], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return a library's answer by output, in the form that is sent.

    Raises:
        InputError: it is a table of other types than the model's.
    """
    table = result_table(method, metadata)
    if table is None:
        return multioutput.split(method, answer, outputs)
    try:
        columns = list(typed_columns(answer, _known(table, answer)))
    except FormError as error:
        raise InputError(f"sample: the estimator's {method} returns {error}") from None
    return dict(zip(outputs, columns, strict=True))


def _known(table: ResultTable, answer: Any) -> list[Any]:
    """Return the types that a result must have, of numbers those that it has."""
    held = types_of(answer) or []
    return [have if want is None else want for want, have in zip(table.types, held, strict=False)]


def join(method: str, answers: Sequence[Any], outputs: Sequence[str], metadata: Mapping[str, Any]) -> Any:
    """Return the library method's return value, joined from the answers of its outputs.

    Raises:
        InputError: it is a table of pandas, which is not installed.
    """
    table = result_table(method, metadata)
    return multioutput.join(method, answers, outputs) if table is None else _pandas(method, answers, table)


def _pandas(method: str, answers: Sequence[Any], table: ResultTable) -> Any:
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        raise InputError(
            f"{method} returns a table of pandas, which is not installed here; pip install pandas, or call infer, "
            "which returns the columns as arrays"
        ) from None
    columns = [
        pandas_column(name, _plain(values), str(values.dtype) if dtype is None else dtype)
        for name, values, dtype in zip(table.names, answers, table.types, strict=True)
    ]
    if table.series:
        return columns[0]
    frame = pandas.concat(columns, axis=1)
    frame.columns = list(table.names)
    return frame


def _plain(values: np.ndarray) -> Any:
    """Return texts as a list, from which pandas makes a column of any type of texts."""
    return values.tolist() if values.dtype == object else values
