"""Importers of the hashing vectorizers, which have no vocabulary and no fitted state."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.feature_extraction import FeatureHasher
from sklearn.feature_extraction.text import HashingVectorizer

from pretzel.importers.columns import Columns
from pretzel.importers.registry import Methods, Step, imports
from pretzel.importers.sklearn.feature_extraction.text import analyzed, count_dtype, ngrams
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.hashing import MAX_UNITS
from pretzel.plan.types import DTYPE_NAMES


@imports(HashingVectorizer)
def hashing_vectorizer(estimator: HashingVectorizer, x: Columns, step: Step) -> Methods:
    """Return the counts of hashed n-grams, normalized; integers become float64 for that."""
    unit, low, high = ngrams(estimator, step)
    if high > MAX_UNITS:
        raise step.refuse("ngram_range", f"n-grams of more than {MAX_UNITS} are not hashed", "use a smaller range")
    units = analyzed(estimator, x, step)
    counts: Node = ops.HashNgrams(
        units,
        int(estimator.n_features),
        unit,
        low,
        high,
        bool(estimator.alternate_sign),
        count_dtype(estimator, step),
        bool(estimator.binary),
    )
    if estimator.norm is None:
        return {"transform": counts}
    numbers = ops.Cast(counts, "f64") if counts.type.dtype == "i64" else counts
    return {"transform": ops.Normalize(numbers, estimator.norm)}


@imports(FeatureHasher)
def feature_hasher(estimator: FeatureHasher, x: Columns, step: Step) -> Methods:
    """Return the sums of the values by the hash of their names; each text of a list counts as one."""
    width, signed = int(estimator.n_features), bool(estimator.alternate_sign)
    if estimator.input_type == "string":
        counts = ops.HashNgrams(x.lists(), width, "word", 1, 1, signed, count_dtype(estimator, step))
        return {"transform": counts}
    form: dict[str, Any] = {"pairs": True} if estimator.input_type == "pair" else {}
    names, values = x.records(**form)
    return {"transform": ops.HashFeatures(names, values, width, signed, value_dtype(estimator, step))}


def value_dtype(estimator: Any, step: Step) -> str:
    """Return the dtype in which an estimator stores the values of named features."""
    dtype = DTYPE_NAMES.get(np.dtype(estimator.dtype))
    if dtype not in ("f32", "f64"):
        raise step.refuse("dtype", "requests carry values as float64", "use float64 or float32, and cast the result")
    return dtype
