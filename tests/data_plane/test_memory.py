"""The memory of a serving process whose clients leave large answers unread."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import numpy as np
import pytest

from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.control import ScriptedControlPlane
from tests.data_plane.models import deploy
from tests.data_plane.serve.test_large import wide
from tests.data_plane.transport.peer import Peer, message, request
from tests.data_plane.worker import WorkerProcess

PATH = b"/pretzel.v1.PredictionService/Predict"
MIB = 1 << 20
CLOSED = {4: 0}


def memory(pid: int, key: str = "VmRSS") -> int:
    """Return a number of `/proc/PID/status` in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(key))


def call(rows: int) -> bytes:
    columns = columns_to_proto({"x": np.ones((rows, 1))})
    return pb.PredictRequest(model="m", columns=columns).SerializeToString()


@pytest.mark.long
async def test_unread_answers_are_inside_the_budget(tmp_path: Path):
    """Without the budget, the unread answers alone would take 480 MiB."""
    control = ScriptedControlPlane()
    await control.start()
    await deploy(control, "m", wide(1000))
    budget = 96 * MIB
    options = ["--request-memory-bytes", str(budget), "--executor-threads", "1"]
    worker = await WorkerProcess.start(tmp_path, control.address, *options)
    try:
        (pid,) = worker.ready["processes"]
        await worker.predict("m", np.ones((200, 1)))
        before = memory(pid)
        async with AsyncExitStack() as stack:
            peers = [await stack.enter_async_context(Peer.connected(worker.ready["port"], CLOSED)) for _ in range(30)]
            for peer in peers:
                stream = peer.open(request("", path=PATH), message(call(2000)))  # answered by 16 MB
                peer.flush()
                await peer.until(lambda peer=peer, stream=stream: peer.answers[stream].headers)
            codes = [peer.answers[1].status for peer in peers]
            assert set(codes) == {None, grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]}
            assert memory(pid) - before < budget + 64 * MIB  # a run on each thread, and its frame
        await worker.predict("m", np.ones((200, 1)))
    finally:
        await worker.close()
        await control.stop()
