"""Decoding of documents that are bytes, with the encoding of the vectorizer that reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pretzel.adapters.convert import Column, column_of
from pretzel.adapters.tables import texts_of
from pretzel.errors import InputError
from pretzel.plan.types import ValueType
from pretzel.plan.values import Texts


def text_column(name: str, values: Any, kind: ValueType, decodes: Mapping[str, Sequence[str] | None] | None) -> Column:
    """Return a column of texts; bytes in a column of ``decodes`` are decoded first.

    ``decodes``: entry of the model's metadata: for each column read by vectorizers their ``encoding`` and
    ``decode_error``, or None if they differ or another step also reads the column.

    Raises:
        InputError: a value is neither text nor bytes, or its bytes are invalid in the encoding.
    """
    try:
        return column_of(name, values, kind)
    except InputError:  # columns of only texts, the usual case, need no second pass
        texts = texts_of(values)
        if isinstance(texts, Texts) or not any(isinstance(value, bytes) for value in texts):
            raise
        if decodes is None or name not in decodes:
            raise
        return column_of(name, _decoded(name, texts, decodes[name]), kind)


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
