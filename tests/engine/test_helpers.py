"""Runs over many rows on several threads: the bits of one thread, its errors, and the cores that others need."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.engine import Executable, Helpers
from pretzel.errors import CancelledError, DeadlineError, ExhaustedError, InputError, PretzelError
from pretzel.kernels.parts import LEAST_ROWS, learn_run
from pretzel.kernels.program import Token
from pretzel.kernels.team import Team
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Csr, Labels, Texts
from tests.engine.test_executable import WIDTH, classifier, loaded, parameter, scaled

ROWS = 5000
RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(ROWS, WIDTH))
WORDS = np.array(["Ab", "cd", "É", "xyz", "", "Über"])
TEXTS = [" ".join(words) for words in RANDOM.choice(WORDS, size=(ROWS, 3))]
COUNTS = RANDOM.poisson(0.5, size=(ROWS, 40)).astype(float)


def sparse(dense: np.ndarray) -> Csr:
    rows, columns = np.nonzero(dense)
    starts = np.concatenate([[0], np.cumsum(np.count_nonzero(dense, axis=1))])
    return Csr(dense[rows, columns], columns.astype(np.int32), starts, dense.shape[1])


def checked(x: Node) -> Node:
    return ops.Normalize(ops.RequireFinite(x, "Normalizer"), "l2")


CASES: Mapping[str, tuple[Executable, Any]] = {
    "dense": (loaded(classifier(scaled(), ["no", "yes", "maybe"])), lambda n: {"X": X[:n]}),
    "texts": (
        loaded(Definition({"transform": ops.Lowercase(ops.Input("t", "str"))})),
        lambda n: {"t": Texts.of(TEXTS[:n], None)},
    ),
    "sparse": (
        loaded(Definition({"transform": checked(ops.Input("s", "f64{40}"))})),
        lambda n: {"s": sparse(COUNTS[:n])},
    ),
    "both": (
        loaded(
            Definition(
                {
                    "sparse": checked(ops.Input("s", "f64{40}")),
                    "dense": ops.Linear(scaled(), parameter(WIDTH, 2), parameter(2)),
                    "text": ops.Lowercase(ops.Input("t", "str")),
                }
            )
        ),
        lambda n: {"X": X[:n], "t": TEXTS[:n], "s": sparse(COUNTS[:n])},
    ),
}
TEAM = Team(4)


def helpers(width: int = 4) -> Helpers:
    return Helpers(TEAM, width, counts=False)


def slow(executable: Executable) -> None:
    """Let the program count as slow, so that it is cut whatever the machine."""
    learn_run(executable.schedule(None).program, 1000.0, LEAST_ROWS)


def bits(value: Any) -> tuple[bytes, ...]:
    if isinstance(value, Labels):
        return (value.codes.tobytes(),)
    if isinstance(value, Texts):
        missing = b"" if value.missing is None else value.missing.tobytes()
        return value.data.tobytes(), value.lengths.tobytes(), missing
    if isinstance(value, Csr):
        return value.data.tobytes(), value.indices.tobytes(), value.starts.tobytes()
    return (value.tobytes(),)


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=12)
@given(near=st.sampled_from([LEAST_ROWS, 512, 1024, 4096, ROWS - 3]), off=st.integers(-2, 3), width=st.integers(2, 4))
def test_the_bits_are_those_of_one_thread(case: str, near: int, off: int, width: int) -> None:
    executable, columns = CASES[case]
    slow(executable)
    want = executable.run(columns(near + off))
    got = executable.run(columns(near + off), helpers=helpers(width))
    assert {name: bits(value) for name, value in got.items()} == {name: bits(value) for name, value in want.items()}


def test_the_first_run_measures_itself() -> None:
    executable = loaded(classifier(scaled(), ["a", "b"]))
    want = CASES["dense"][1](ROWS)
    assert bits(executable.run(want, helpers=helpers())["predict_proba"]) == bits(executable.run(want)["predict_proba"])


def error_of(executable: Executable, columns: Any, **how: Any) -> str:
    with pytest.raises(PretzelError) as caught:
        executable.run(columns, **how)
    return f"{type(caught.value).__name__}: {caught.value}"


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, ROWS - 1), st.sampled_from([np.nan, np.inf])), min_size=1, max_size=4))
def test_the_error_is_that_of_one_thread(bad: list[tuple[int, float]]) -> None:
    x, counts = X.copy(), COUNTS.copy()
    for row, value in bad:
        x[row, row % WIDTH], counts[row, row % 40] = value, value
    dense = Definition({"predict": ops.Linear(ops.RequireFinite(ops.Input("X", "f64[5]"), "Ridge"), W, B)})
    for executable, columns in ((loaded(dense), {"X": x}), (CASES["sparse"][0], {"s": sparse(counts)})):
        slow(executable)
        assert error_of(executable, columns, helpers=helpers()) == error_of(executable, columns)


W, B = Parameter.of(RANDOM.normal(size=WIDTH)), Parameter.of(np.zeros(1))


def test_every_thread_stops_at_the_deadline_and_when_cancelled() -> None:
    executable, columns = CASES["dense"]
    slow(executable)
    with pytest.raises(DeadlineError):
        executable.run(columns(ROWS), helpers=helpers(), deadline=time.monotonic() - 1)
    token = Token()
    token.cancel()
    with pytest.raises(CancelledError):
        executable.run(columns(ROWS), helpers=helpers(), token=token)


def test_the_parts_of_texts_share_one_limit_of_bytes() -> None:
    executable, columns = CASES["texts"]
    slow(executable)
    size = len(columns(ROWS)["t"].data)
    executable.run(columns(ROWS), helpers=helpers(), most=size)
    with pytest.raises(ExhaustedError, match="send fewer rows"):
        executable.run(columns(ROWS), helpers=helpers(), most=size - 1)


def test_many_callers_share_a_team() -> None:
    executable, columns = CASES["both"]
    slow(executable)
    want = {name: bits(value) for name, value in executable.run(columns(ROWS)).items()}
    shared = Helpers(TEAM, 3, counts=True)

    def call(_: int) -> bool:
        return {name: bits(value) for name, value in executable.run(columns(ROWS), helpers=shared).items()} == want

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(call, range(40)))
    assert TEAM.helping == 0


def test_helpers_come_only_while_cores_are_free() -> None:
    executable, columns = CASES["dense"]
    slow(executable)
    team = Team(2)
    own = Helpers(team, 2, counts=False)
    team.enter()
    team.enter()
    executable.run(columns(ROWS), helpers=own)
    assert own.helped == 0
    team.leave()
    end = time.monotonic() + 30
    while not own.helped and time.monotonic() < end:  # a helper that wakes late may find no part
        executable.run(columns(ROWS), helpers=own)
    assert own.helped > 0


def test_a_closed_team_does_not_help() -> None:
    executable, columns = CASES["dense"]
    slow(executable)
    team = Team(2)
    own = Helpers(team, 2, counts=False)
    executable.run(columns(ROWS), helpers=own)
    team.close()
    before = own.helped
    assert bits(executable.run(columns(ROWS), helpers=own)["predict_proba"]) and own.helped == before


def test_few_rows_and_short_runs_take_one_thread() -> None:
    executable, columns = CASES["dense"]
    program = loaded(classifier(scaled(), ["a", "b"])).schedule(None).program
    slow(executable)
    with helpers().split(executable.schedule(None).program, LEAST_ROWS - 1) as split:
        assert split is None
    learn_run(program, 1e-6, LEAST_ROWS)
    with helpers().split(program, LEAST_ROWS) as split:
        assert split is None
    with helpers(1).split(executable.schedule(None).program, ROWS) as split:
        assert split is None


FORKING = """
import os, signal, sys, threading
from tests.engine.test_helpers import CASES, LEAST_ROWS, ROWS, bits, helpers, slow
executable, columns = CASES["both"]
slow(executable)
want = {k: bits(v) for k, v in executable.run(columns(ROWS)).items()}
def agrees():
    return {k: bits(v) for k, v in executable.run(columns(ROWS), helpers=helpers()).items()} == want
threads = lambda: len(os.listdir("/proc/self/task"))
before = threads()
executable.run(columns(LEAST_ROWS - 1), helpers=helpers())
assert threads() == before
assert agrees()
assert threads() == before + 3
stop = threading.Event()
busy = threading.Thread(target=lambda: [agrees() for _ in iter(stop.is_set, True)])
busy.start()
child = os.fork()
if not child:
    signal.alarm(60)
    os._exit(0 if all(agrees() for _ in range(5)) else 3)
status = os.waitpid(child, 0)[1]
stop.set()
busy.join()
sys.exit(os.waitstatus_to_exitcode(status) or (0 if agrees() else 4))
"""


def test_threads_start_with_the_first_long_run_and_again_in_a_forked_child() -> None:
    done = subprocess.run([sys.executable, "-c", FORKING], timeout=120, check=False)
    assert done.returncode == 0


def test_an_error_of_an_input_is_found_before_any_thread_helps() -> None:
    with pytest.raises(InputError, match="column 'X' is missing"):
        CASES["dense"][0].run({}, helpers=helpers())
