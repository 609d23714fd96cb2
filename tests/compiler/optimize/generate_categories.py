"""Makers of the operators over categories and their codes."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from tests.compiler.optimize.generate import (
    WORDS,
    is_code,
    is_dense,
    simple,
)

simple(
    ops.Lookup,
    lambda n: str(n.type) in ("str", "f64", "i64"),
    lambda d, x: {
        "keys": Parameter.of(WORDS) if x.type.is_text else Parameter.of(np.array([0, 1, 2], x.type.numpy)),
        "nan_code": d.dice.choice([-1, 3]),
        "refuse_unknown": d.dice.random() < 0.1,
    },
)
simple(
    ops.OneHot,
    is_code,
    lambda d, x: {"width": d.dice.randint(1, 4), "dtype": d.dice.choice(["f64", "f64", "f32"])},
)
simple(
    ops.Take,
    is_code,
    lambda d, x: {
        "table": d.maybe(lambda: d.array(4), d.array(3, 2)),
        "default": d.dice.choice([0.0, float("nan"), 1.5]),
    },
)
simple(ops.LabelLookup, is_code, lambda d, x: {"labels": d.array(d.dice.randint(2, 6))})
simple(
    ops.ImputeObjects,
    is_dense,
    lambda d, x: {
        "fill": Parameter.of(d.array(x.type.columns).array.astype(x.type.numpy)),
        "missing": d.dice.choice([float("nan"), float("nan"), 0.0]),
        "missing_none": d.dice.random() < 0.1,
    },
)
