"""A serving process's parts behind a real server, with models of real estimators."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from pretzel.inference import service_pb2 as pb
from pretzel.inference.service_pb2_grpc import GRPCInferenceServiceStub
from tests.data_plane.oip.messages import arrays, request
from tests.data_plane.oip.trained import definitions
from tests.data_plane.serve.conftest import Serving, front

__all__ = ["front"]


class Inferring(Serving):
    """The parts, and a stub of the protocol."""

    async def start(self, *models: str) -> None:
        await super().start()
        self.oip = GRPCInferenceServiceStub(self.channel)
        for name in models or definitions():
            self.add(name, definitions()[name])
        self.objects.refresh()
        await self.router.apply(self.catalog())

    async def infer(self, model: str, /, *outputs: str, typed: bool = False, **tensors: Any) -> dict[str, np.ndarray]:
        return arrays(await self.oip.ModelInfer(request(model, *outputs, typed=typed, **tensors), timeout=20))

    async def refused(self, message: pb.ModelInferRequest, code: grpc.StatusCode) -> str:
        """Return the message of a request that ends with this status."""
        return await refusal(self.oip.ModelInfer(message, timeout=20), code)


async def refusal(call: Any, code: grpc.StatusCode) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    assert caught.value.code() is code, caught.value.details()
    return caught.value.details() or ""


@pytest.fixture
async def serving(tmp_path: Path) -> AsyncIterator[Inferring]:
    serving = Inferring(tmp_path, queue=1024)
    await serving.start()
    yield serving
    await serving.stop()
