"""The extreme of a row has NumPy's position, however wide the row: the first of equals, and a NaN before all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pretzel.kernels.dense.labels import ArgMax, ArgMin
from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program
from pretzel.plan.types import dense


@pytest.mark.parametrize(("kernel", "function"), [(ArgMax, np.argmax), (ArgMin, np.argmin)])
@pytest.mark.parametrize("width", [1, 7, 15, 16, 17, 23, 24, 100])
@pytest.mark.parametrize("dtype", ["f32", "f64", "i64"])
def test_the_first_extreme_is_found(dtype: str, width: int, kernel: type[Any], function: Any) -> None:
    rng = np.random.default_rng(width)
    kind, result = dense(dtype, width), dense("i64", 1)
    x = rng.integers(-9, 9, (200, width)).astype(kind.numpy)
    if dtype != "i64":
        x[x == 3] = -0.0
        x[:50][rng.random((50, width)) < 0.05] = np.nan
        x[30:90][rng.random((60, width)) < 0.1] = np.inf
        x[60:120][rng.random((60, width)) < 0.1] = -np.inf
        x[120:140] = np.abs(x[120:140]) * 0.0
    program = Program([kind, result], 1, [(kernel((kind,), result), [0], 1)], [1], len(x))
    np.testing.assert_array_equal(program.run(Workspace(), [x], len(x))[0].ravel(), function(x, axis=1))
