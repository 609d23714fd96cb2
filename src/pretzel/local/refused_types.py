"""Errors for requests whose columns have types for which a step of the model cannot be served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pretzel.errors import UnsupportedError
from pretzel.plan.types import NUMPY_DTYPES

MOST = 4
"""Columns that a message names."""


@contextmanager
def named_types(types: Iterable[tuple[str, str]]) -> Iterator[None]:
    """Name the columns of a request, with their types, in the error of a step that cannot be served for them."""
    try:
        yield
    except UnsupportedError as error:
        named = [f"{name!r} of {NUMPY_DTYPES[dtype]}" for name, dtype in sorted(types)]
        if not named:
            raise
        columns = ", ".join(named[:MOST]) + (", ..." if len(named) > MOST else "")
        raise UnsupportedError(f"column {columns}: convert it to float64; of this type {error}") from error
