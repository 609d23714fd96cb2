"""Check of pandas columns of texts of another type than the model was traced with.

pandas computes the methods of texts (``.str``) of its text type by Arrow, those of objects by Python, and missing
texts of each type give results of their own.  Texts of ASCII that are present have the same answers in all types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pretzel.errors import InputError

TYPES = ("object", "str", "string")


def reject_text_types(X: Any, metadata: Mapping[str, Any]) -> None:
    """Reject texts whose answers depend on the type of their column, in columns of another type than ``text_types``.

    Raises:
        InputError: a column has such a text; the message names column, row and type.
    """
    wanted = metadata.get("text_types")
    if not wanted or not hasattr(type(X), "iloc"):
        return
    for name, column in _read(X, wanted, metadata):
        held = str(column.dtype)
        if held not in TYPES or held == wanted[name]:
            continue
        for row, text in enumerate(column.astype(object).tolist()):
            if not isinstance(text, str) or not text.isascii():
                raise InputError(
                    f"column {name!r}, row {row}: {text!r:.40} in a column of type {held}, for which pandas computes "
                    f"differently from {wanted[name]}, the type of the sample; convert it: astype({wanted[name]!r})"
                )


def _read(X: Any, wanted: Mapping[str, str], metadata: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the columns that the model reads as texts, by name or by position."""
    if getattr(X, "ndim", 1) == 1:
        yield from ((name, X) for name in wanted)
        return
    labels = {str(label): i for i, label in enumerate(X.columns)}
    if metadata.get("input_style") == "positions":
        labels = {str(i): i for i in range(X.shape[1])}
    yield from ((name, X.iloc[:, labels[name]]) for name in wanted if name in labels)
