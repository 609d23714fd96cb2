"""Proof that the rows of a step are independent: alone, in a batch and in another order they give the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pretzel.importers.isolated.containers import rows_of
from pretzel.isolation.side import forms
from pretzel.isolation.side.tables import FormError

SINGLES = 16
"""Rows that are also computed alone."""
CLOSE = {"f32": 1e-4, "f64": 1e-9}
"""Relative differences that the order of sums in a batch may make."""


class DependentError(ValueError):
    """A row gives something else with other rows, or at another time."""


def prove(
    function: Callable[[Any], Any], takes: Mapping[str, Any], given: Any, rows: int, whole: Sequence[forms.Column]
) -> None:
    """Compare the results of a function for single rows, for half of them and for another order, with that for all.

    ``takes``: the description of the container that it is given, with the types of what it returns.

    Raises:
        DependentError: a row differs; the message names it.
    """
    dice = np.random.default_rng(0)
    orders = [(dice.permutation(rows), "in another order"), (np.arange(0, rows, 2), "without every other row")]
    singles = sorted({int(row) for row in np.linspace(0, rows - 1, min(SINGLES, rows))})
    for order, how in [*orders, *((np.array([row]), "alone") for row in singles)]:
        if len(order):
            _compare(_returned(function, takes, rows_of(given, order.tolist())), whole, order, how)
    _compare(
        _returned(function, takes, rows_of(given, list(range(rows)))), whole, np.arange(rows), "when it is repeated"
    )


def reads_further(
    function: Callable[[Any], Any], takes: Mapping[str, Any], given: Any, whole: Sequence[forms.Column]
) -> bool:
    """Return whether a function returns something else for a table with a further column, and raises no error."""
    return forms.is_table(given) and any(_differs(function, takes, table, whole) for table in _wider(given))


def _differs(
    function: Callable[[Any], Any], takes: Mapping[str, Any], table: Any, whole: Sequence[forms.Column]
) -> bool:
    """Return whether a function returns something else for a table, and raises no error."""
    try:
        some = forms.returned_by(takes, function(table))
    except Exception:  # whatever foreign code raises
        return False
    try:
        _compare(some, whole, np.arange(len(table)), "")
    except DependentError:
        return True
    return False


def _wider(given: Any) -> Iterator[Any]:
    """Yield a table with a further column in front, and with one at the end."""
    name, numbers = "_".join(["another", *map(str, given.columns)]), np.arange(1.0, len(given) + 1)
    for place in (0, len(given.columns)):
        if hasattr(given, "iloc"):
            wider = given.copy()
            wider.insert(place, name, numbers)
        else:
            further = type(given)({name: numbers})
            wider = given.hstack(further) if place else further.hstack(given)
        yield wider


def _returned(function: Callable[[Any], Any], takes: Mapping[str, Any], given: Any) -> list[forms.Column]:
    try:
        return forms.returned_by(takes, function(given))
    except FormError as error:
        raise DependentError(f"for fewer rows it returns {error}") from None
    except Exception as error:  # whatever foreign code raises
        raise DependentError(f"it fails for fewer rows ({type(error).__name__}: {error})") from error


def _compare(some: Sequence[forms.Column], whole: Sequence[forms.Column], order: np.ndarray, how: str) -> None:
    if [kind for kind, _, _ in some] != [kind for kind, _, _ in whole]:
        kinds = [", ".join(kind for kind, _, _ in columns) for columns in (some, whole)]
        raise DependentError(f"{how}, rows give {kinds[0]} instead of {kinds[1]}")
    for part, full in zip(some, whole, strict=True):
        wrong = _differing(part, full, order)
        if wrong >= 0:
            raise DependentError(f"row {int(order[wrong])} gives something else {how}")


def _differing(part: forms.Column, whole: forms.Column, order: np.ndarray) -> int:
    """Return the first row that differs, or -1."""
    if part[1] != len(order):
        return 0
    have, want = _values(part), _values(whole)[order]
    tolerance = CLOSE.get(forms.parsed(part[0])[0])
    if tolerance is None:
        same = have == want
    else:
        scale = np.abs(np.nan_to_num(want)).max(initial=0.0)
        same = np.isclose(have, want, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
    wrong = ~np.asarray(same).reshape(len(order), -1).all(axis=1)
    return int(wrong.argmax()) if wrong.any() else -1


def _values(column: forms.Column) -> np.ndarray:
    """Return rows that can be compared; missing texts as marks that equal themselves."""
    value = forms._value(column)
    if hasattr(value, "toarray"):
        return np.asarray(value.toarray())
    if forms.parsed(column[0])[0] != "str":
        return np.asarray(value)
    flat = [text if isinstance(text, str) else (text is None,) for text in np.asarray(value, object).ravel()]
    texts = np.empty(len(flat), object)
    texts[:] = flat
    return texts.reshape(np.shape(value))
