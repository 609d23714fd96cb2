"""Build the matrix that CatBoost's trees read from the columns of X: numbers, one-hot codes, statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pretzel.importers.catboost.model import Model
from pretzel.importers.catboost.splits import Splits, asked, splits_of
from pretzel.importers.catboost.statistics import statistics
from pretzel.importers.catboost.structure import Combination, CtrFeature, FloatFeature, OneHotFeature, require
from pretzel.importers.columns import Columns
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

MAX_VALUES = 4096
"""Limit on the values of a category that trees compare with: the bit set of each is as long as its position."""


def compared(model: Model, x: Columns) -> tuple[Node, Splits]:
    """Return the matrix that the trees read, in float32, and the comparison of each split.

    The numbers come first, as one matrix, followed by one column for each other feature that a tree reads.
    """
    read, floats = asked(model), len(model.floats)
    features = _Features(model, x, _numbers_read(model, read))
    others = [number for number in read if number >= floats]
    parts = [*features.numbers, *(features.column(model.features[number]) for number in others)]
    columns = {number: features.position[model.floats[number].index] for number in read if number < floats}
    columns |= {number: len(features.position) + i for i, number in enumerate(others)}
    if not parts:  # trees without splits still predict once per row
        parts = [ops.Cast(features.category(model.categories[0].index), "f32")]
    whole = parts[0] if len(parts) == 1 and parts[0].type.width is not None else ops.Concat(tuple(parts))
    return whole, splits_of(model.features, columns)


def _numbers_read(model: Model, read: Sequence[int]) -> list[FloatFeature]:
    """Return the numbers that trees or combinations compare; the first one if no tree reads a feature."""
    features = [model.features[number] for number in read]
    combined = {i for ctr in features if isinstance(ctr, CtrFeature) for i, _ in ctr.table[0].floats}
    indices = combined | {feature.index for feature in features if isinstance(feature, FloatFeature)}
    return [feature for feature in model.floats if feature.index in indices] if features else [*model.floats[:1]]


class _Features:
    """The columns of one model's features."""

    def __init__(self, model: Model, x: Columns, floats: Sequence[FloatFeature]) -> None:
        self._tables, self._x = model.tables, x
        self._floats = {feature.index: feature for feature in floats}
        self._categories = {feature.index: feature for feature in model.categories}
        self.position = {feature.index: position for position, feature in enumerate(floats)}
        self.numbers = [_dense(x.select([feature.flat for feature in floats]))] if floats else []

    def column(self, feature: FloatFeature | OneHotFeature | CtrFeature) -> Node:
        """Return the column of a feature that is not a number, in float32."""
        assert not isinstance(feature, FloatFeature)
        return self._one_hot_code(feature) if isinstance(feature, OneHotFeature) else self._statistic(feature)

    def category(self, index: int) -> Node:
        """Return the hash of each row's category."""
        require(index in self._categories, f"categorical feature {index} is missing")
        feature = self._categories[index]
        return ops.CategoryHash(self._x.select([feature.flat]).category(), feature.name or str(feature.flat))

    def _one_hot_code(self, feature: OneHotFeature) -> Node:
        """Return the position of each row's category among the values it is compared with, -1 for others."""
        require(len(feature.values) <= MAX_VALUES, f"a category is compared with more than {MAX_VALUES} values")
        return ops.Cast(ops.Lookup(self.category(feature.category), _keys(feature.values)), "f32")

    def _statistic(self, ctr: CtrFeature) -> Node:
        """Return the statistic of each row's combination."""
        table = self._tables[ctr.table]
        values, unmet = statistics(ctr, table)
        return ops.Take(ops.Lookup(self._key(ctr.table[0]), _keys(table.keys)), Parameter.of(values), unmet)

    def _key(self, combination: Combination) -> Node:
        categories = [self.category(index) for index in combination.categories]
        above = [self._above(index, border) for index, border in combination.floats]
        equal = [self._equal(index, value) for index, value in combination.one_hots]
        return ops.CombineHashes((*categories, *above, *equal))

    def _above(self, index: int, border: float) -> Node:
        """Return 1 for numbers above the border, else 0."""
        require(index in self._floats, f"float feature {index} is missing")
        column: Node = ops.Column(self.numbers[0], self.position[index])
        if self._floats[index].nan_is_true:
            column = ops.Impute(column, Parameter.of(np.array([np.inf], np.float32)))
        return ops.Threshold(column, border)

    def _equal(self, index: int, value: int) -> Node:
        """Return 1 for categories equal to the value, else 0."""
        code = ops.Lookup(self.category(index), _keys([value]))
        return ops.Take(code, Parameter.of(np.ones(1, np.int64)), 0.0)


def _dense(x: Columns) -> Node:
    node = x.numbers("f32")
    return ops.Densify(node) if node.type.layout == "sparse" else node


def _keys(values: Sequence[int] | np.ndarray) -> Parameter:
    return Parameter.of(np.asarray(values).astype(np.int64))
