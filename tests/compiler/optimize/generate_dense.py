"""Makers of the elementwise and rowwise operators: scalings, checks, links."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.ops.dense import FUNCTIONS, TESTS
from pretzel.plan.ops.heads import LINKS
from pretzel.plan.parameter import Parameter
from tests.compiler.optimize.generate import (
    has_distinct_columns,
    is_dense,
    is_float,
    is_wide,
    simple,
)

simple(
    ops.Affine,
    is_float,
    lambda d, x: {
        "scale": d.array(x.type.columns),
        "shift": None if x.type.layout == "sparse" else d.maybe(lambda: d.array(x.type.columns)),
    },
)
simple(
    ops.Standardize,
    is_float,
    lambda d, x: {
        "mean": None if x.type.layout == "sparse" else d.maybe(lambda: d.array(x.type.columns)),
        "scale": d.maybe(lambda: Parameter.of(np.exp(d.array(x.type.columns).array))),
    },
)
simple(
    ops.Elementwise,
    is_float,
    lambda d, x: {"function": d.dice.choice(FUNCTIONS if x.type.layout == "sparse" else FUNCTIONS + TESTS)},
)
simple(
    ops.Clip,
    is_dense,
    lambda d, x: (
        dict.fromkeys(["low"], Parameter.of(np.full(x.type.columns, d.dice.choice([-np.inf, -1.0]))))
        | dict.fromkeys(["high"], Parameter.of(np.full(x.type.columns, d.dice.choice([np.inf, 1.0]))))
    ),
)
simple(
    ops.Impute,
    is_dense,
    lambda d, x: {
        "fill": Parameter.of(d.array(x.type.columns).array.astype(x.type.numpy)),
        "missing": d.dice.choice([float("nan"), 0.0]),
    },
)
simple(
    ops.MissingIndicator,
    is_dense,
    lambda d, x: {"columns": Parameter.of(np.arange(x.type.columns))},
)
simple(ops.Normalize, is_float, lambda d, x: {"norm": d.dice.choice(["l2", "l2", "l1", "max"])})
simple(
    ops.RequireFinite,
    is_float,
    lambda d, x: {"owner": d.dice.choice(["A", "B"]), "allow_nan": d.dice.random() < 0.3},
)
simple(
    ops.RequireWithin,
    is_wide,
    lambda d, x: {
        "low": Parameter.of(np.full(x.type.columns, -1e3)),
        "high": Parameter.of(np.full(x.type.columns, 1e3)),
        "owner": "A",
    },
)
simple(ops.Link, is_dense, lambda d, x: {"function": d.dice.choice(LINKS)})
simple(ops.ArgMax, has_distinct_columns, lambda d, x: {})
simple(ops.ArgMin, has_distinct_columns, lambda d, x: {})
simple(ops.Threshold, is_dense, lambda d, x: {"value": d.dice.uniform(-1, 1), "inclusive": d.dice.random() < 0.5})
