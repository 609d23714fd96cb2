"""Which columns of the training table held categories: those that its file lists, and ordered ones, which it does not.

LightGBM reads an ordered category as the number of its code.  The file keeps the categories of all such columns, in
their order, and of each feature the least and the largest value.  Where only one choice of columns agrees with both, it
is the one.
"""

from __future__ import annotations

from collections.abc import Sequence

from pretzel.importers.lightgbm.model import Model


def columns_of_categories(model: Model) -> list[int] | None:
    """Return the columns of a model's ``pandas_categories``; None where several choices agree with its file."""
    lists, listed = model.pandas_categories, frozenset(model.categorical)
    fits = [[_fits(model, i, len(values)) for values in lists] for i in range(len(model.feature_names))]
    ways = _ways(fits, listed)
    if ways[0][0] != 1:
        return None
    chosen: list[int] = []
    for i in range(len(fits)):
        k = len(chosen)
        if k < len(lists) and fits[i][k] and ways[i + 1][k + 1]:
            chosen.append(i)
    return chosen


def _ways(fits: Sequence[Sequence[bool]], listed: frozenset[int]) -> list[list[int]]:
    """Return in how many ways the columns from i on can have the lists from k on: none, one, or two for more."""
    lists = len(fits[0]) if fits else 0
    ways = [[0] * lists + [1]]
    for i in range(len(fits) - 1, -1, -1):
        after, row = ways[0], [0] * (lists + 1)
        for k in range(lists + 1):
            passed = 0 if i in listed else after[k]
            row[k] = min(2, passed + (after[k + 1] if k < lists and fits[i][k] else 0))
        ways.insert(0, row)
    return ways


def _fits(model: Model, feature: int, count: int) -> bool:
    """Return whether all values of a feature may be codes of so many categories."""
    told = model.feature_infos[feature] if feature < len(model.feature_infos) else "none"
    if told == "none":
        return True
    try:
        values = [float(value) for value in told.strip("[]").split(":")]
    except ValueError:
        return False
    least = 0 if told.startswith("[") else -1
    return all(value.is_integer() and least <= value < count for value in values)
