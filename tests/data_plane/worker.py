"""A worker in a separate process group, for tests."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from pretzel.plan.wire import columns_from_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub

RETRIES = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{"service": "pretzel.v1.PredictionService"}],
                "waitForReady": True,
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.2s",
                    "maxBackoff": "5s",
                    "backoffMultiplier": 3,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ]
    }
)


class WorkerProcess:
    """`python -m pretzel.data_plane`, and a client of it."""

    def __init__(self, process: asyncio.subprocess.Process, ready: dict[str, Any]) -> None:
        self.process, self.ready = process, ready
        options = [("grpc.service_config", RETRIES), ("grpc.max_reconnect_backoff_ms", 500)]
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{ready['port']}", options=options)
        self.stub = PredictionServiceStub(self.channel)

    @classmethod
    async def start(cls, cache: Path, control: str, *arguments: str, **options: Any) -> WorkerProcess:
        """Start a worker; ``prefix`` is a command that wraps it, and ``environment`` adds to the variables."""
        command = [*options.get("prefix", ()), sys.executable, "-P", "-m", "pretzel.data_plane"]
        command += ["--cache-dir", str(cache), "--port", "0"]
        command += ["--metrics-port", "0", "--control-plane", control, "--log-level", "warning", *arguments]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE,
            stdin=asyncio.subprocess.DEVNULL,
            env=os.environ | options.get("environment", {}),
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(60):
                line = await process.stdout.readline()
            return cls(process, json.loads(line))
        except BaseException:
            await end(process)
            raise

    async def predict(self, model: str, rows: np.ndarray, *outputs: str, timeout: float = 30) -> dict[str, Any]:
        request = pb.PredictRequest(model=model, columns=columns_to_proto({"x": rows}), outputs=outputs)
        response = await self.stub.Predict(request, timeout=timeout)
        return columns_from_proto(response.columns)

    def group(self) -> set[int]:
        """The living processes of the worker's group."""
        living = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, rest = stat.read_text().split(" (", 1)
            except (FileNotFoundError, ProcessLookupError):
                continue
            state, _, group = rest.rsplit(") ", 1)[1].split()[:3]
            if int(group) == self.process.pid and state != "Z":
                living.add(int(pid))
        return living

    async def gone(self, seconds: float = 15) -> bool:
        """Return whether the whole group ends in time."""
        try:
            async with asyncio.timeout(seconds):
                while self.group():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            return False
        return True

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            return await self.process.wait()

    async def close(self) -> None:
        await self.channel.close()
        await end(self.process)


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill the remaining processes of a worker's group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    await process.wait()
