"""Documents that come as bytes, decoded as the vectorizer that reads them decodes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pretzel.adapters.convert import Column, column_of
from pretzel.adapters.tables import texts_of
from pretzel.errors import InputError
from pretzel.plan.types import ValueType
from pretzel.plan.values import Texts


def text_column(name: str, values: Any, kind: ValueType, decodes: Mapping[str, Sequence[str] | None] | None) -> Column:
    """Return a column of texts; where ``decodes`` says how, bytes among them are decoded first.

    ``decodes``: of the model's metadata; for the columns that vectorizers read their ``encoding`` and
    ``decode_error``, or None where they differ or something else reads the column too.

    Raises:
        InputError: a value is neither text nor bytes, or its bytes are not of the encoding.
    """
    try:
        return column_of(name, values, kind)
    except InputError:  # texts alone, as nearly always, cost no second look
        found = texts_of(values)
        if isinstance(found, Texts) or not any(isinstance(value, bytes) for value in found):
            raise
        if decodes is None or name not in decodes:
            raise
        return column_of(name, _decoded(name, found, decodes[name]), kind)


def _decoded(name: str, values: list[Any], form: Sequence[str] | None) -> list[Any]:
    if form is None:
        problem = "its readers decode bytes in different ways, or not at all"
        raise InputError(f"column {name!r}: expected text, got bytes, and {problem}; decode them first")
    return [_text(name, i, value, *form) if isinstance(value, bytes) else value for i, value in enumerate(values)]


def _text(name: str, row: int, value: bytes, encoding: str, errors: str) -> str:
    try:
        return value.decode(encoding, errors)
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not {encoding} ({error.reason})"
        raise InputError(
            f"column {name!r}: row {row}: {problem}; decode it first, or train with decode_error"
        ) from None
    except LookupError as error:
        raise InputError(f"column {name!r}: row {row}: {error}; decode it first") from None
