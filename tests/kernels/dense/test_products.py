"""Products fix the order of their sums: a row's bits depend on that row alone."""

from __future__ import annotations

import numpy as np
import pytest

from pretzel.kernels.dense.linear import Dots, Tiles
from pretzel.kernels.frame import Workspace
from pretzel.kernels.program import Program
from pretzel.plan.types import dense


def multiply(x: np.ndarray, weights: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Return x @ weights by the kernel for that width."""
    k = weights.shape[1]
    kernel, layout = (Dots, weights.T) if k < 8 else (Tiles, np.pad(weights, ((0, 0), (0, -k % 8))))
    x_type, y_type = (dense("f32" if a.dtype == np.float32 else "f64", a.shape[1]) for a in (x, weights))
    options = {} if bias is None else {"bias": bias}
    program = Program(
        [x_type, y_type],
        1,
        [(kernel((x_type,), y_type, weights=np.ascontiguousarray(layout), **options), [0], 1)],
        [1],
        64,
    )
    return program.run(Workspace(), [x], len(x))[0]


def in_lanes(x: np.ndarray, w: np.ndarray) -> np.floating:
    """The order of ``dots`` written out: eight lanes, pairs of lanes, the tail."""
    aligned = len(x) - len(x) % 8
    lanes = np.zeros(8, w.dtype)
    for j in range(0, aligned, 8):
        lanes += x[j : j + 8].astype(w.dtype) * w[j : j + 8]
    tail = w.dtype.type(0)
    for j in range(aligned, len(x)):
        tail += w.dtype.type(x[j]) * w[j]
    a, b, c, d = (lanes[i] + lanes[i + 4] for i in (0, 2, 1, 3))
    return ((a + b) + (c + d)) + tail


def in_order(x: np.ndarray, w: np.ndarray) -> np.floating:
    """The order of ``tiles`` written out: the columns in order."""
    total = w.dtype.type(0)
    for a, b in zip(x, w, strict=True):
        total += w.dtype.type(a) * b
    return total


@pytest.mark.parametrize("rows", [1, 3, 4, 10, 19])
@pytest.mark.parametrize("width", [*range(1, 9), 40, 67])
@pytest.mark.parametrize("k", [1, 3, 8, 13])
@pytest.mark.parametrize("types", [("f4", "f4"), ("f4", "f8"), ("f8", "f8")])
def test_every_instruction_set_uses_the_order_written_out_here(
    rows: int, width: int, k: int, types: tuple[str, str]
) -> None:
    rng = np.random.default_rng(width * k)
    x, weights = rng.normal(size=(rows, width)).astype(types[0]), rng.normal(size=(width, k)).astype(types[1])
    bias = rng.normal(size=k).astype(types[1])
    order = in_lanes if k < 8 else in_order
    want = np.array([[order(row, weights[:, c]) + bias[c] for c in range(k)] for row in x])
    np.testing.assert_array_equal(multiply(x, weights, bias), want)


@pytest.mark.parametrize("rows", [15, 16, 131])
@pytest.mark.parametrize("width", [255, 257, 515])
@pytest.mark.parametrize("k", [8, 21, 64, 75])
@pytest.mark.parametrize("types", [("f4", "f4"), ("f4", "f8"), ("f8", "f8")])
def test_blocks_of_rows_and_columns_keep_the_order(rows: int, width: int, k: int, types: tuple[str, str]) -> None:
    rng = np.random.default_rng(rows + width * k)
    x, weights = rng.normal(size=(rows, width)).astype(types[0]), rng.normal(size=(width, k)).astype(types[1])
    bias = rng.normal(size=k).astype(types[1])
    want = np.zeros((rows, k), types[1])
    for j in range(width):
        want += x[:, j, None].astype(types[1]) * weights[j]
    np.testing.assert_array_equal(multiply(x, weights, bias), want + bias)
