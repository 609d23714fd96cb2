"""Comparison of an imported estimator with the original over any input: arrays, tables, mixed columns."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.adapters.inputs import columns_of
from pretzel.importers import export
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.model import InputDescription
from pretzel.plan.node import Node
from pretzel.plan.values import Ragged, Texts
from tests.importers.sklearn.compare import (
    BATCHES,
    _assert_close,
    answers_of,
    referred_in_turn,
    run,
    with_ties_of_the_library,
)


def assert_serves(
    estimator: Any,
    x: Any,
    *,
    sample: Any = None,
    exact: bool = False,
    amplified: float = 1.0,
    batches: Sequence[int] = BATCHES,
    outputs: Sequence[str] | None = None,
    definition: Definition | None = None,
) -> Definition:
    """Fail unless every method equals the estimator's: by references and by optimized kernels, in batches.

    ``amplified``: how many times the estimator enlarges the rounding of its inner sums.  ``definition``: the exported
    estimator, if it is known.
    """
    if definition is None:
        definition = export(estimator, sample=sample, outputs=outputs)
    # A float32 sum taken in another order is off by some of the last bits of its largest term.
    scale = (1e-6 if getattr(x, "dtype", None) == np.float32 else 1e-9) * amplified
    for rows in batches:
        part = rows_of(x, np.arange(rows) % count(x))
        columns = cut(definition, part)
        by_reference = referred_in_turn(
            lambda chosen: _plain_columns(definition, x, chosen), definition, count(x), rows
        )
        by_kernels = run(definition, columns)
        library = wanted(estimator, definition, part)
        for name, want in library.items():
            tolerance = (_last_bits(definition.outputs[name]), 0.0) if exact else (1e-6, scale)
            for way, ours in (("reference", by_reference), ("kernels", by_kernels)):
                if name in ours:
                    got = with_ties_of_the_library(definition, name, want, library, ours)
                    _assert_alike(f"{way}, {name}, {rows} rows", _plain(got), want, *tolerance)
    return definition


def _last_bits(output: Node) -> float:
    """Return the tolerance of an exact answer: zero, except for our exponentials, which differ in the last bits."""
    waiting, seen = [output], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ops.Link) or (isinstance(node, ops.Elementwise) and node.function in ("exp", "tanh")):
            return 8 * float(np.finfo(np.float64).eps)
        if node.key not in seen:
            seen.add(node.key)
            waiting += node.inputs
    return 0.0


def _assert_alike(what: str, got: Any, want: Any, relative: float, scale: float) -> None:
    if isinstance(got, list):  # texts, where NaN equals NaN
        assert repr(got) == repr(want.tolist()), what
        return
    _assert_close(what, got, want, relative, scale)


def wanted(estimator: Any, definition: Definition, x: Any) -> dict[str, Any]:
    """Return the answers of the estimator's methods; arrays of objects as arrays of strings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return answers_of(estimator, definition, x)


def served(definition: Definition, x: Any) -> dict[str, Any]:
    """Return every output by the kernels of the optimized plan."""
    return run(definition, cut(definition, x))


def cut(definition: Definition, x: Any) -> dict[str, Any]:
    """Return the columns of X, as a client splits it."""
    inputs = [InputDescription(node.column, node.type) for node in definition.inputs]
    return columns_of(x, inputs, definition.metadata)


def rows_of(x: Any, rows: np.ndarray) -> Any:
    """Return some rows of an array, a table or a list."""
    if isinstance(x, list):
        return [x[row] for row in rows]
    return x.iloc[rows] if hasattr(x, "iloc") else x[rows]


def count(x: Any) -> int:
    """Return the number of rows."""
    return len(x) if isinstance(x, list) else x.shape[0]


def _plain_columns(definition: Definition, x: Any, rows: np.ndarray) -> dict[str, Any]:
    return {name: _plain(column) for name, column in cut(definition, rows_of(x, rows)).items()}


def _plain(column: Any) -> Any:
    if isinstance(column, Ragged):
        return column.tolist()
    if not isinstance(column, Texts):
        return column
    texts, width = column.tolist(), column.width
    return texts if width is None else [texts[i : i + width] for i in range(0, len(texts), width)]
