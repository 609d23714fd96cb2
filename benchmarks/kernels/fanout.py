"""Fan-out: sibling heads over one tf-idf feature space as one kernel, against separate kernels and scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.harness import Row, compare
from benchmarks.kernels.text import RIVAL, ROTATION, features_of, in_turn, reviews
from pretzel.compiler.compile import compile_plan
from pretzel.engine import load
from pretzel.engine.fusion import FUSER
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Csr

HEADS = (1, 4, 8, 64)
BATCHES = (1, 1000)


def measure() -> list[Row]:
    """Compare the scores of all heads over computed features, for 1 and 1000 rows."""
    texts, _ = reviews()
    matrix = features_of(texts).transform(texts[: max(BATCHES)])
    return [row for count in HEADS for size in BATCHES for row in _both(matrix, count, size)]


def _both(matrix: Any, count: int, size: int) -> Iterator[Row]:
    heads = _heads(matrix.shape[1], count)
    batches = [matrix[i * size : (i + 1) * size] for i in range(ROTATION if size == 1 else 1)]
    columns = [Csr(x.data, x.indices.astype(np.int32), x.indptr.astype(np.int64), x.shape[1]) for x in batches]
    fused, separate = (in_turn(_scoring(heads, budget), columns) for budget in (FUSER.budget, 0))
    name = f"{count} linear {'heads' if count > 1 else 'head'} over {matrix.shape[1]:,} features"
    yield compare(name, "one after another", fused, separate, rows=size)
    theirs = in_turn(lambda x: [head.decision_function(x) for head in heads], batches)
    yield compare(name, RIVAL, fused, theirs, rows=size)


def _heads(width: int, count: int) -> list[LogisticRegression]:
    """Return heads with dense weights, like those of siblings trained on many rows."""
    random = np.random.default_rng(0)
    heads = [LogisticRegression() for _ in range(count)]
    for head in heads:
        head.coef_, head.intercept_ = random.normal(size=(1, width)), random.normal(size=1)
        head.classes_ = np.array([0, 1])
    return heads


def _scoring(heads: list[LogisticRegression], budget: int) -> Callable[[Csr], object]:
    """Return a call that scores rows with one plan per head, as for several models, fused within ``budget``."""
    x = ops.Input("x", f"f32{{{heads[0].coef_.shape[1]}}}")
    scores = [ops.Linear(x, Parameter.of(head.coef_[0]), Parameter.of(head.intercept_)) for head in heads]
    compiled = [compile_plan(Definition({"score": score})) for score in scores]
    blobs = {digest: blob for each in compiled for digest, blob in each.blobs.items()}
    executable = load([each.plan for each in compiled], blobs.__getitem__)
    usual, FUSER.budget = FUSER.budget, budget
    executable.run({"x": Csr(np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(1, np.int64), x.type.columns)})
    FUSER.budget = usual
    return lambda rows: executable.run({"x": rows})
