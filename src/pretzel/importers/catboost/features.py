"""From columns of X to the matrix that CatBoost's trees compare: numbers, places among single values, statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pretzel.importers.catboost.model import (
    COUNTERS,
    Combination,
    CtrFeature,
    CtrTable,
    Model,
    require,
)
from pretzel.importers.columns import Columns
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter

MAX_VALUES = 4096
"""Single values of one category that trees may compare with: each has a bit set as long as its place."""


@dataclass(frozen=True, slots=True)
class Splits:
    """What each split of a model compares, counted through: borders, then single values, then statistics' borders."""

    column: np.ndarray
    """``i64[n]``: column of the matrix; -1 where no tree asks."""
    border: np.ndarray
    """``f32[n]``."""
    place: np.ndarray
    """``i64[n]``: the place of a single value in its column, -1 of a border."""
    nan_is_true: np.ndarray
    """``bool[n]``."""


def compared(model: Model, x: Columns) -> tuple[Node, Splits]:
    """Return the matrix that the trees read, in float32, and what each split compares."""
    matrix = _Matrix(model, x)
    return matrix.node(), matrix.splits()


class _Matrix:
    """The columns of one model's matrix, those only that its trees read."""

    def __init__(self, model: Model, x: Columns) -> None:
        self._model, self._x = model, x
        asked = np.zeros(model.split_count, bool)
        asked[_asked(model)] = True
        sizes = [len(f.borders) for f in model.floats], [len(f.values) for f in model.one_hots]
        ends = np.cumsum([0, *sizes[0], *sizes[1], *(len(f.borders) for f in model.ctrs)]).tolist()
        self._used = [bool(asked[begin:end].any()) for begin, end in zip(ends, ends[1:], strict=False)]
        self._ends = ends
        self._hashes: dict[int, Node] = {}
        self._floats = {feature.index: feature for feature in model.floats}
        self._categories = {feature.index: feature for feature in model.categories}
        self._numbers = self._read_numbers()

    def node(self) -> Node:
        """Return the columns side by side: numbers, places, statistics, each in the order of the features."""
        model, floats = self._model, len(self._model.floats)
        places = [self._place(i) for i in range(len(model.one_hots)) if self._used[floats + i]]
        after = floats + len(model.one_hots)
        statistics = [self._statistic(ctr) for i, ctr in enumerate(model.ctrs) if self._used[after + i]]
        parts = ([] if self._numbers is None else [self._numbers[0]]) + places + statistics
        if not parts:
            parts = [ops.Cast(self._category(model.categories[0].index), "f32")]  # one column, which no split reads
        return parts[0] if len(parts) == 1 and parts[0].type.width is not None else ops.Concat(tuple(parts))

    def splits(self) -> Splits:
        """Return what the splits of the model compare."""
        model, sizes = self._model, np.diff(self._ends)
        borders = [f.borders for f in model.floats]
        places = [np.zeros(len(f.values), np.float32) for f in model.one_hots]
        statistics = [f.borders for f in model.ctrs]
        single = [np.arange(len(f.values)) for f in model.one_hots]
        nan_is_true = np.zeros(len(sizes), bool)
        nan_is_true[: len(model.floats)] = [f.nan_is_true for f in model.floats]
        place = np.full(self._ends[-1], -1)
        before = self._ends[len(model.floats)]
        place[before : before + sum(map(len, single))] = np.concatenate([*single, np.empty(0, np.int64)])
        return Splits(
            column=np.repeat(self._positions(), sizes),
            border=np.concatenate([*borders, *places, *statistics, np.empty(0, np.float32)]),
            place=place,
            nan_is_true=np.repeat(nan_is_true, sizes),
        )

    def _positions(self) -> np.ndarray:
        """Return the column of each feature."""
        read = np.array(self._used, bool)
        read[: len(self._model.floats)] = [f.index in self._columns for f in self._model.floats]
        return np.where(self._used, np.cumsum(read) - 1, -1)

    @property
    def _columns(self) -> dict[int, int]:
        return {} if self._numbers is None else self._numbers[1]

    def _read_numbers(self) -> tuple[Node, dict[int, int]] | None:
        """Return the numbers that trees or combinations read, and the column of each float feature among them."""
        floats = self._model.floats
        combined = {i for ctr in self._needed() for i, _ in ctr.table[0].floats}
        read = [f for used, f in zip(self._used, floats, strict=False) if used or f.index in combined]
        if not read and floats and not any(self._used):
            read = [floats[0]]  # trees without splits still answer once a row
        if not read:
            return None
        given = self._x.select([f.flat for f in read]).numbers("f32")
        node = ops.Densify(given) if given.type.layout == "sparse" else given
        return node, {f.index: position for position, f in enumerate(read)}

    def _needed(self) -> list[CtrFeature]:
        used = self._used[len(self._used) - len(self._model.ctrs) :]
        return [ctr for ctr, needed in zip(self._model.ctrs, used, strict=True) if needed]

    def _place(self, i: int) -> Node:
        """Return the place of each row's category among the single values it is compared with, -1 for others."""
        feature = self._model.one_hots[i]
        require(len(feature.values) <= MAX_VALUES, f"a category is compared with more than {MAX_VALUES} single values")
        return ops.Cast(ops.Lookup(self._category(feature.category), _keys(feature.values)), "f32")

    def _statistic(self, ctr: CtrFeature) -> Node:
        """Return the statistic of each row's combination, and of no rows where it was never met."""
        table = self._model.tables[ctr.table]
        values, unmet = statistics(ctr, table)
        found = ops.Lookup(self._key(ctr.table[0]), _keys(table.keys))
        return ops.Take(found, Parameter.of(values), float(unmet))

    def _key(self, combination: Combination) -> Node:
        categories = [self._category(index) for index in combination.categories]
        above = [self._above(index, border) for index, border in combination.floats]
        equal = [self._equal(index, value) for index, value in combination.one_hots]
        return ops.CombineHashes((*categories, *above, *equal))

    def _above(self, index: int, border: float) -> Node:
        """Return one where the number is above the border."""
        require(self._numbers is not None and index in self._columns, f"float feature {index} is not there")
        assert self._numbers is not None
        column: Node = ops.Column(self._numbers[0], self._columns[index])
        if self._floats[index].nan_is_true:
            column = ops.Impute(column, Parameter.of(np.array([np.inf], np.float32)))
        return ops.Threshold(column, float(border))

    def _equal(self, index: int, value: int) -> Node:
        """Return one where the category is that single value."""
        found = ops.Lookup(self._category(index), _keys(np.array([value])))
        return ops.Take(found, Parameter.of(np.ones(1, np.int64)), 0.0)

    def _category(self, index: int) -> Node:
        if index not in self._hashes:
            require(index in self._categories, f"categorical feature {index} is not there")
            known = self._categories[index]
            value = self._x.select([known.flat]).category()
            self._hashes[index] = ops.CategoryHash(value, known.name or str(known.flat))
        return self._hashes[index]


def statistics(ctr: CtrFeature, table: CtrTable) -> tuple[np.ndarray, np.float32]:
    """Return the value of each combination, and that of one never met, in CatBoost's float32 steps (``TModelCtr``)."""
    good, total = _counted(ctr, table)
    denominator = np.full(1, table.denominator if ctr.table[1] in COUNTERS else 0).astype(np.float32)
    return _value(ctr, good, total), _value(ctr, np.zeros(1, np.float32), denominator)[0]


def _counted(ctr: CtrFeature, table: CtrTable) -> tuple[np.ndarray, np.ndarray]:
    """Return what counts for each combination, and out of how much."""
    counts, kind = table.counts, ctr.table[1]
    if kind in COUNTERS:
        total = np.full(len(counts), table.denominator)
        return counts[:, 0].astype(np.float32), total.astype(np.float32)
    if table.sums is not None:
        return table.sums, counts[:, 0].astype(np.float32)
    border, classes = ctr.target_border, counts.shape[1]
    require(0 <= border < classes, f"class {border} of {classes} is counted")
    if kind == "Buckets":
        good = counts[:, border]
    else:
        good = counts[:, border + 1 :].sum(axis=1) if classes > 2 else counts[:, -1]
    return good.astype(np.float32), counts.sum(axis=1).astype(np.float32)


def _value(ctr: CtrFeature, good: np.ndarray, total: np.ndarray) -> np.ndarray:
    prior, weight = np.float32(ctr.prior), np.float32(ctr.prior_denominator)
    with np.errstate(all="ignore"):
        share = (good + prior) / (total + weight)
        return np.asarray((share + np.float32(ctr.shift)) * np.float32(ctr.scale))


def _asked(model: Model) -> np.ndarray:
    """Return the splits that trees ask for; the nodes that end a tree name one, too, and it means nothing."""
    trees = model.trees
    return trees.splits if trees.steps is None else trees.splits[trees.steps.any(axis=1)]


def _keys(values: Sequence[int] | np.ndarray) -> Parameter:
    return Parameter.of(np.asarray(values).astype(np.int64))
