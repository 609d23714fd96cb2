"""Requests as one run of a program: each has the bits and the errors of its own run."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import pretzel
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.scheduling.cost import Cost
from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.scheduling.turn import ALONE
from pretzel.data_plane.transport.fast import FastPredict
from pretzel.engine.footprint import Need
from pretzel.errors import CancelledError, DeadlineError, ExhaustedError, InputError
from pretzel.kernels.program import Token
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.models import echo, refusing, regression
from tests.data_plane.transport.served import MODEL, Served

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 12))
Y = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 0.5)
SIZES = (1, 3, 1, 2, 16, 1, 7)
ESTIMATORS = [
    KNeighborsClassifier(algorithm="brute"),
    KNeighborsClassifier(algorithm="kd_tree"),
    LogisticRegression(),
    MLPClassifier((30, 20), max_iter=5, random_state=0),
    SVC(),
    RandomForestClassifier(5, random_state=0),
    make_pipeline(StandardScaler(), LogisticRegression()),
]


class Collecting:
    """An engine that keeps the jobs it gets, and runs nothing."""

    limits, share, gather_rows = Limits(-1.0, 8, 1 << 40), 1 << 30, 64

    def __init__(self) -> None:
        self.jobs: list[Any] = []

    def refusal(self, *request: Any) -> None:
        """Let every request wait."""

    async def execute(self, job: Any, *, admitted: bool) -> None:
        self.jobs.append(job)


def jobs_of(model: Served, messages: list[bytes], most: int = 64 << 20) -> list[Any]:
    """Return the jobs of requests."""
    engine = Collecting()
    fast = FastPredict(model, engine, most)
    for message in messages:
        with pytest.raises(StopIteration):
            fast.answer(message).send(None)
    return engine.jobs


def message(x: np.ndarray, column: str = "x", outputs: tuple[str, ...] = ()) -> bytes:
    request = pb.PredictRequest(model=MODEL, columns=columns_to_proto({column: x}), outputs=outputs)
    return request.SerializeToString()


def run(jobs: list[Any], token: Token | None = None, deadline: float = 0.0) -> list[Any]:
    return jobs[0].compute_with(jobs[1:], token or Token(), deadline)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_the_bits_are_those_of_single_runs(estimator: Any):
    definition = pretzel.export(estimator.fit(X, Y))
    model, column = Served(definition), definition.inputs[0].column
    starts = np.cumsum((0, *SIZES))
    messages = [message(X[a:b], column) for a, b in zip(starts, starts[1:], strict=False)]
    jobs = jobs_of(model, messages)
    assert len({id(job.program) for job in jobs}) == 1
    assert jobs[0].program is not None
    assert run(jobs) == [job.compute(Token(), 0) for job in jobs]
    assert run(jobs) == [model.ordinary(each).SerializeToString() for each in messages]


def test_gathered_runs_leave_the_cost_of_single_ones():
    model = Served(regression(3))
    jobs = jobs_of(model, [message(np.ones((1, 3)))] * 8)
    jobs[0].compute(Token(), 0)
    rate = jobs[0].cost.rate
    run(jobs)
    assert jobs[0].cost.rate == rate
    assert jobs[0].cost.by_rows.expected(8) > 0


def test_inputs_are_passed_through_to_their_own_request():
    definition = regression(3)
    model = Served(definition)
    rows = [np.full((n, 3), float(n)) for n in (1, 2, 3)]
    jobs = jobs_of(model, [message(x, outputs=("transform", "predict")) for x in rows])
    found = [pb.PredictResponse.FromString(answer) for answer in run(jobs)]
    assert [response.columns[0].rows for response in found] == [1, 2, 3]


def test_texts_run_alone():
    text = pb.PredictRequest(model=MODEL, columns=columns_to_proto({"text": ["a"], "x": np.ones(1)}))
    assert [job.program for job in jobs_of(Served(echo()), [text.SerializeToString()])] == [None]


def test_no_rows_run_alone():
    assert [job.program for job in jobs_of(Served(regression(3)), [message(np.ones((0, 3)))])] == [None]


class Held:
    """A job that keeps the only thread busy."""

    need, level, size, rows, deadline, program, waits = Need(8, 8, True), 1, 8, 1, 0.0, None, False

    def __init__(self) -> None:
        self.cost, self.release = Cost(), threading.Event()
        self.cost.rate = 1e-12  # so the reserved thread takes nothing

    def compute(self, token: Token, most: int, helpers: Any = None) -> None:
        assert self.release.wait(10)


async def test_requests_that_arrive_during_a_run_are_answered_by_one():
    model, tally, held = Served(refusing(3)), Tally(), Held()
    engine = RequestEngine(Limits(-1.0, 100, 1 << 40), 1, tally=tally, gather_rows=64)
    fast = FastPredict(model, engine, tally=tally)
    rows = [np.full((1, 3), float(i)) for i in range(16)]
    await fast.answer(message(rows[0]))  # measures a run alone
    holding = asyncio.ensure_future(engine.execute(held))
    await asyncio.sleep(0)
    calls = [asyncio.ensure_future(fast.answer(message(x))) for x in [*rows, np.full((1, 3), np.nan)]]
    await asyncio.sleep(0)
    held.release.set()
    *found, refused = await asyncio.gather(*calls, return_exceptions=True)
    await holding
    assert found == [model.ordinary(message(x)).SerializeToString() for x in rows]
    assert isinstance(refused, InputError)
    assert (tally.counts["gathered_runs"], tally.counts["gathered_requests"]) == (1, 16)
    assert engine.queued == engine.bytes == 0
    engine.close()


@pytest.mark.parametrize("bad", [0, 1, 3])
def test_a_rejected_row_leaves_the_others(bad: int):
    model = Served(refusing(3))
    rows = [np.full((n, 3), 1.0) for n in (2, 1, 3, 1)]
    rows[bad][-1, 1] = np.nan
    messages = [message(x) for x in rows]
    jobs = jobs_of(model, messages)
    found = run(jobs)
    assert found.pop(bad) is ALONE
    del messages[bad]
    assert found == [model.ordinary(each).SerializeToString() for each in messages]
    with pytest.raises(InputError):
        jobs[bad].compute(Token(), 0)


def test_two_rejected_rows_stop_the_run():
    jobs = jobs_of(Served(refusing(3)), [message(np.full((1, 3), x)) for x in (1.0, np.nan, np.nan, 1.0)])
    with pytest.raises(InputError):
        run(jobs)


def test_a_run_stops_by_its_token_and_its_deadline():
    jobs = jobs_of(Served(regression(3)), [message(np.ones((1, 3)))] * 2)
    token = Token()
    token.cancel()
    with pytest.raises(CancelledError):
        run(jobs, token)
    long = jobs_of(Served(regression(3)), [message(np.ones((5000, 3)))] * 2)
    with pytest.raises(DeadlineError):
        run(long, deadline=1e-3)


def test_a_response_that_is_too_large_is_an_error_of_its_request():
    jobs = jobs_of(Served(regression(3)), [message(np.ones((n, 3))) for n in (1, 100, 1)], most=1000)
    found = run(jobs)
    assert isinstance(found[1], ExhaustedError)
    assert isinstance(found[0], bytes)
    assert isinstance(found[2], bytes)
