"""Sparse rows that a run returns: blocks leave them one behind another, on one thread and on several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.adapters.results import result_of
from pretzel.engine import Executable, Helpers
from pretzel.errors import ExhaustedError, PretzelError
from pretzel.kernels.parts import LEAST_ROWS, learn_run
from pretzel.kernels.team import Team
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.values import Csr
from tests.engine.test_executable import loaded

WIDTH = 300
BLOCK = 64
"""Rows of a block, as the sizes of these rows are unknown."""
ENTRY = 12
"""Bytes of a stored value and its column."""
TEAM = Team(4)


def chain(column: str) -> ops.Normalize:
    return ops.Normalize(ops.RequireFinite(ops.Input(column, f"f64{{{WIDTH}}}"), "Normalizer"), "l2")


ONE = loaded(Definition({"transform": chain("s")}))
TWO = loaded(Definition({"first": chain("s"), "second": chain("t")}))


def rows_of(stored: Sequence[int]) -> Csr:
    """Return rows with so many values each."""
    random = np.random.default_rng(len(stored))
    columns = [np.sort(random.choice(WIDTH, count, replace=False)) for count in stored]
    starts = np.concatenate([[0], np.cumsum(stored, dtype=np.int64)])
    indices = np.concatenate([np.zeros(0, int), *columns]).astype(np.int32)
    return Csr(random.normal(size=len(indices)), indices, starts, WIDTH)


def helpers_of(executable: Executable, width: int) -> Helpers | None:
    """Return helpers for a program that counts as slow, so that it is cut whatever the machine."""
    learn_run(executable.schedule(None).program, 1000.0, LEAST_ROWS)
    return Helpers(TEAM, width, counts=False) if width > 1 else None


def bits(rows: Csr) -> tuple[bytes, bytes, bytes]:
    return rows.data.tobytes(), rows.indices.tobytes(), rows.starts.tobytes()


def row(rows: Csr, i: int) -> Csr:
    at = slice(rows.starts[i], rows.starts[i + 1])
    return Csr(rows.data[at], rows.indices[at], np.array([0, rows.starts[i + 1] - rows.starts[i]]), WIDTH)


STORED = st.lists(st.tuples(st.sampled_from([0, 0, 1, 3, 40, WIDTH]), st.integers(1, 150)), min_size=1, max_size=6).map(
    lambda runs: [count for count, times in runs for _ in range(times)]
)


@settings(max_examples=40)
@given(STORED, st.integers(1, 4))
def test_rows_are_those_of_each_row_alone(stored: list[int], width: int) -> None:
    x = rows_of(stored)
    got = ONE.run({"s": x}, helpers=helpers_of(ONE, width))["transform"]
    alone = [ONE.run({"s": row(x, i)})["transform"] for i in range(0, len(x), 7)]
    assert isinstance(got, Csr)
    assert got.starts.tolist() == x.starts.tolist() and got.indices.tolist() == x.indices.tolist()
    assert [bits(row(got, i)) for i in range(0, len(x), 7)] == [bits(each) for each in alone]


@settings(max_examples=20)
@given(STORED, st.integers(2, 4))
def test_outputs_of_other_sizes_keep_apart(stored: list[int], width: int) -> None:
    s, t = rows_of(stored), rows_of(stored[::-1])
    want = TWO.run({"s": s, "t": t})
    got = TWO.run({"s": s, "t": t}, helpers=helpers_of(TWO, width))
    assert [bits(got[name]) for name in ("first", "second")] == [bits(want[name]) for name in ("first", "second")]
    assert bits(want["first"])[1:] == bits(s)[1:] and bits(want["second"])[1:] == bits(t)[1:]


@pytest.mark.parametrize("width", [1, 3])
def test_all_rows_count_for_the_limit_of_bytes(width: int) -> None:
    x = rows_of([5] * 1000)
    total, block = ENTRY * len(x.data), ENTRY * 5 * BLOCK
    helpers = helpers_of(ONE, width)
    ONE.run({"s": x}, most=total + 2 * 3 * block, helpers=helpers)  # both steps of the blocks of all threads
    with pytest.raises(ExhaustedError, match="send fewer rows"):
        ONE.run({"s": x}, most=total - 1, helpers=helpers)


@pytest.mark.parametrize("width", [1, 3])
def test_a_rejected_value_in_a_late_block_leaves_the_next_run_whole(width: int) -> None:
    x = rows_of([4] * 900)
    want = bits(ONE.run({"s": x})["transform"])
    bad = x.data.copy()
    bad[4 * 700 + 1] = np.inf
    with pytest.raises(PretzelError, match="infinity"):
        ONE.run({"s": Csr(bad, x.indices, x.starts, WIDTH)}, helpers=helpers_of(ONE, width))
    assert bits(ONE.run({"s": x}, helpers=helpers_of(ONE, width))["transform"]) == want


def test_rows_that_are_passed_through_are_not_the_callers_own() -> None:
    passed = loaded(Definition({"transform": ops.Input("s", f"f64{{{WIDTH}}}"), "other": chain("s")}))
    x = rows_of([3] * 5000)
    before = bits(x)
    result = result_of(passed.run({"s": x})["transform"])
    result.data[:] = 0
    result.indices[:] = 0
    assert bits(x) == before
