"""Makers of the operators that derive features from numbers."""

from __future__ import annotations

import numpy as np

from pretzel.plan import ops
from pretzel.plan.ops.features import POWERS
from pretzel.plan.parameter import Parameter
from tests.compiler.optimize.generate import (
    is_dense,
    is_wide,
    simple,
)

simple(
    ops.Bin,
    is_dense,
    lambda d, x: {
        "edges": Parameter.of(np.tile([-1.0, 0.0, 1.0], x.type.columns)),
        "starts": Parameter.of(np.arange(x.type.columns + 1) * 3),
    },
)
simple(
    ops.Products,
    is_dense,
    lambda d, x: {"factors": Parameter.of(np.array([[0, -1], [x.type.columns - 1, 0]]))},
)
simple(
    ops.Power,
    is_wide,
    lambda d, x: {"exponents": d.array(x.type.columns), "form": d.dice.choice(POWERS)},
)
simple(
    ops.Interpolate,
    is_dense,
    lambda d, x: {
        "knots": Parameter.of(np.tile([-1.0, 0.0, 2.0], (x.type.columns, 1))),
        "levels": Parameter.of(np.array([0.0, 0.5, 1.0])),
    },
)
simple(ops.NormalQuantile, is_wide, lambda d, x: {})
