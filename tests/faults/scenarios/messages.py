"""Messages at the limit, and clients that do not read their answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import numpy as np

import pretzel
from pretzel.plan.wire import columns_from_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1 import values_pb2
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub
from tests.faults.cluster import Cluster, outcome, running, until
from tests.faults.load import COLUMNS
from tests.faults.outcome import Outcome, scenario

AT_ONCE = 10
ROUNDS = 5
MESSAGE = 60 << 20
MOST_BYTES = 2 << 30
"""Memory of one process: a quarter of its budget of 4 GiB is for requests, and messages come on top."""
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
DEAF = 20
ANSWERS = 200
"""Requests of a client that reads nothing; their answers together take more than the limits of a server."""


@scenario
def messages_at_the_limit(root: Path) -> Outcome:
    """Send ten messages of 60 MiB at once, several times: each is answered rightly or rejected, memory is bounded."""
    with running(root) as (cluster, load):
        name, known = list(cluster.models().items())[0]
        rows = np.tile(known.rows, (MESSAGE // (COLUMNS * 8 * len(known.rows)), 1))
        want = np.tile(known.answers, (len(rows) // len(known.rows), 1))

        request = pb.PredictRequest(model=name, outputs=["predict_proba"], columns=_columns(cluster, name, rows))

        def send(_: int) -> str:
            try:
                with grpc.insecure_channel(cluster.worker_address(0), UNLIMITED) as channel:
                    answer = PredictionServiceStub(channel).Predict(request, timeout=120)
            except grpc.RpcError as error:
                return "rejected" if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED else repr(error)
            got = columns_from_proto(answer.columns)["predict_proba"]
            return "right" if np.allclose(got, want, rtol=1e-6, atol=1e-9) else "a wrong answer to a large message"

        with ThreadPoolExecutor(AT_ONCE) as senders:
            ends = [end for _ in range(ROUNDS) for end in senders.map(send, range(AT_ONCE))]
        peak = max(_peak_bytes(pid) for pid in cluster.workers[0].members())
        heal = cluster.healed_in()
    print(f"   {ends.count('right')} answered, {ends.count('rejected')} rejected, {peak >> 20} MiB at most", flush=True)
    problems = [end for end in ends if end not in ("right", "rejected")][:3]
    problems += [] if "right" in ends else ["no message was answered"]
    problems += [f"a process took {peak >> 20} MiB"] if peak > MOST_BYTES else []
    return outcome(cluster, load, heal, len(ends), problems)


@scenario
def clients_that_never_read(root: Path) -> Outcome:
    """Let clients send requests for large answers and read none of them: others are served, memory is bounded."""
    with running(root) as (cluster, load):
        name, known = list(cluster.models().items())[0]
        rows = np.tile(known.rows, (5000, 1))
        request = pb.PredictRequest(model=name, columns=_columns(cluster, name, rows))
        stop = threading.Event()
        deaf = [_deaf(cluster, request, stop) for _ in range(DEAF)]
        before = load.calls
        served = until(lambda: load.calls > before + 1000, 120)
        peak = max(_peak_bytes(pid) for pid in cluster.workers[0].members())
        stop.set()
        for channel in deaf:
            channel.close()
        heal = cluster.healed_in()
    problems = [] if served else ["other clients were not served"]
    problems += [f"a process took {peak >> 20} MiB"] if peak > MOST_BYTES else []
    return outcome(cluster, load, heal, DEAF, problems)


def _columns(cluster: Cluster, name: str, rows: np.ndarray) -> list[values_pb2.Column]:
    with pretzel.Client(cluster.worker_address(0)) as client:
        (column,) = client.describe(name).inputs
    return columns_to_proto({column.name: rows})


def _deaf(cluster: Cluster, request: pb.PredictRequest, stop: threading.Event) -> grpc.Channel:
    """Open a stream of requests whose answers are not read."""
    channel = grpc.insecure_channel(cluster.worker_address(0))

    def requests() -> Iterator[pb.PredictStreamRequest]:
        for number in range(ANSWERS):
            yield pb.PredictStreamRequest(id=number, request=request)
        stop.wait(300)

    PredictionServiceStub(channel).PredictStream(requests())
    return channel


def _peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))
