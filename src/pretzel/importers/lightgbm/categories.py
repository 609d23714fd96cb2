"""Infer which training columns held categories: those that the file lists, and ordered ones, which it does not list.

LightGBM reads an ordered category as the number of its code.  The file keeps the categories of all such columns, in
column order, and the least and largest value of each feature.  If exactly one choice of columns agrees with both, it is
used.
"""

from __future__ import annotations

from collections.abc import Sequence

from pretzel.importers.lightgbm.model import Model


def columns_of_categories(model: Model) -> list[int] | None:
    """Return the columns of a model's ``pandas_categories``; None if several choices agree with the file."""
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
    """Count the ways to give the lists from k on to the columns from i on; 2 means two or more."""
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
    """Return whether all values of a feature can be codes of ``count`` categories."""
    info = model.feature_infos[feature] if feature < len(model.feature_infos) else "none"
    if info == "none":
        return True
    try:
        values = [float(value) for value in info.strip("[]").split(":")]
    except ValueError:
        return False
    least = 0 if info.startswith("[") else -1
    return all(value.is_integer() and least <= value < count for value in values)
