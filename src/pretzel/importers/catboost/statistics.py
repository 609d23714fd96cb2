"""The values of CatBoost's statistics, precomputed in its float32 steps (``TModelCtr``, ``CalcCtrs``)."""

from __future__ import annotations

import numpy as np

from pretzel.importers.catboost.structure import COUNTERS, CtrFeature, CtrTable, require


def statistics(ctr: CtrFeature, table: CtrTable) -> tuple[np.ndarray, float]:
    """Return the value of each combination in a table, and the value of unseen combinations."""
    good, total = _counted(ctr, table)
    unmet = table.denominator if ctr.table[1] in COUNTERS else 0
    return _value(ctr, good, total), float(_value(ctr, _single([0]), _single([unmet]))[0])


def _counted(ctr: CtrFeature, table: CtrTable) -> tuple[np.ndarray, np.ndarray]:
    """Return the count of each combination, and the total that it is a part of."""
    counts, kind = table.counts, ctr.table[1]
    if kind in COUNTERS:
        return _single(counts[:, 0]), _single(np.full(len(counts), table.denominator))
    if table.sums is not None:
        return table.sums, _single(counts[:, 0])
    border, classes = ctr.target_border, counts.shape[1]
    require(0 <= border < classes, f"it counts class {border} of {classes}")
    if kind == "Buckets":
        good = counts[:, border]
    else:
        good = counts[:, border + 1 :].sum(axis=1) if classes > 2 else counts[:, -1]
    return _single(good), _single(counts.sum(axis=1))


def _value(ctr: CtrFeature, good: np.ndarray, total: np.ndarray) -> np.ndarray:
    prior, weight = np.float32(ctr.prior), np.float32(ctr.prior_denominator)
    with np.errstate(all="ignore"):
        share = (good + prior) / (total + weight)
        return np.asarray((share + np.float32(ctr.shift)) * np.float32(ctr.scale))


def _single(values: np.ndarray | list[int]) -> np.ndarray:
    return np.asarray(values).astype(np.float32)
