"""The nearest values of wide rows, which are skipped a run at a time: as in the reference, whatever a run holds."""

from __future__ import annotations

import numpy as np
import pytest

from pretzel.kernels.frame import Workspace
from pretzel.kernels.neighbors.nearest import Nearest
from pretzel.kernels.program import Program
from pretzel.plan import ops
from pretzel.plan.reference import REFERENCES

ODD = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 0.1, 0.5, 1e300, 5e-324])


def nearest(node: ops.Nearest, x: np.ndarray) -> np.ndarray:
    kernel = Nearest((node.x.type,), node.type, count=node.count, limit=node.limit, first=node.first)
    program = Program([node.x.type, node.type], 1, [(kernel, [0], 1)], [1], len(x))
    values: np.ndarray = program.run(Workspace(), [x], len(x))[0]
    return values


def rows(width: int, kind: str, odd: float) -> np.ndarray:
    rng = np.random.default_rng(width)
    x = np.where(rng.random((40, width)) < odd, rng.choice(ODD, (40, width)), rng.integers(-3, 40, (40, width)) / 8)
    x[:8].sort()  # every value enters, or only the first
    x[4:8] = x[4:8, ::-1]
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(x.astype(kind))


@pytest.mark.parametrize("width", [1, 15, 16, 17, 31, 32, 33, 100, 400])
@pytest.mark.parametrize("kind", ["f4", "f8"])
@pytest.mark.parametrize("limit", [np.inf, 4.0, 0.1, float(np.float32(0.1)), -1.0])
@pytest.mark.parametrize("first", [False, True])
def test_wide_rows(width: int, kind: str, limit: float, first: bool) -> None:
    for odd in (0.0, 0.3, 1.0):
        x = rows(width, kind, odd)
        for count in {1, min(5, width), width}:
            node = ops.Nearest(ops.Input("x", f"f{8 * int(kind[1])}[{width}]"), count, limit, first)
            np.testing.assert_array_equal(nearest(node, x), REFERENCES[ops.Nearest](node, x))
