"""The parts of a serving process in this process, behind a real gRPC server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog, encode_model
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.service import InferenceService
from pretzel.data_plane.orca.report import Report
from pretzel.data_plane.residency.finder import Finder
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.results import ResultCache
from pretzel.data_plane.residency.routes import Router
from pretzel.data_plane.scheduling.policy import Limits
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.serve.errors import ErrorInterceptor
from pretzel.data_plane.serve.prediction import PredictionService
from pretzel.data_plane.serve.server import Server
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.telemetry.telemetry import Telemetry
from pretzel.plan.definition import Definition
from pretzel.plan.model import Model
from pretzel.plan.wire import columns_from_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub
from tests.data_plane.control import version
from tests.data_plane.models import put


class Serving:
    """The parts of one serving process."""

    def __init__(
        self,
        path: Path,
        queue: int = 4,
        front: str = "native",
        delay: float = 0.0,
        telemetry: Telemetry | None = None,
        **settings: Any,
    ) -> None:
        self.cache = ObjectCache(path)
        self.settings = Settings(port=0, front=front, **settings)
        self.tally = Tally()
        self.objects = ObjectReader(path)
        self.plans = PlanCatalog(self.objects, 1 << 40, tally=self.tally)
        self.router = Router(self.plans, self.tally)
        self.engine = RequestEngine(Limits(0.0005, queue, delay=delay), 1, tally=self.tally)
        self.guard = ErrorInterceptor(self.tally)
        self.looks = 0
        self.newest = True
        """True if the control plane answers a poll."""
        self.arriving: Catalog | None = None
        self.results = ResultCache(self.settings.result_cache, self.settings.result_cache_bytes, self.tally)
        self.service = PredictionService(
            self.router, self.plans, self.objects, self.engine, self.tally, self.catch_up, results=self.results
        )
        backend = Backend(
            self.settings,
            Finder(self.router, self.catch_up).find,
            self.router,
            self.plans,
            self.objects,
            self.engine,
            self.tally,
            self.results,
        )
        self.inference = InferenceService(backend, self.service.streams)
        self.report = Report()
        parts = self.settings, self.service, self.guard, self.inference
        self.server = Server(*parts, shared_port=False, report=self.report, telemetry=telemetry)
        self.models: dict[str, Model] = {}

    async def start(self) -> None:
        self.port = await self.server.listen(0)
        await self.server.set_health(serving=True)
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{self.port}")
        self.stub = PredictionServiceStub(self.channel)

    async def catch_up(self) -> bool:
        self.looks += 1
        if self.arriving:
            await self.router.apply(self.arriving)
        return self.newest

    def catalog(self) -> Catalog:
        return Catalog("e", len(self.models), {name: encode_model(model) for name, model in self.models.items()})

    def add(self, name: str, definition: Definition) -> None:
        plan = put(self.cache, definition)
        old = self.models.get(name, Model(name))
        added = replace(version(name, len(old.versions) + 1, plan), metadata=definition.metadata)
        self.models[name] = Model(name, (*old.versions, added), {"stable": added.version})

    async def deploy(self, name: str, definition: Definition) -> None:
        self.add(name, definition)
        self.objects.refresh()
        await self.router.apply(self.catalog())

    async def predict(self, model: str, *outputs: str, timeout: float | None = 60, **columns):
        request = pb.PredictRequest(model=model, columns=columns_to_proto(columns), outputs=outputs)
        return columns_from_proto((await self.stub.Predict(request, timeout=timeout)).columns)

    async def stop(self) -> None:
        await self.channel.close()
        await self.server.drain(1)
        self.engine.close()
        self.plans.close()
        self.cache.close()


@pytest.fixture(params=["native", "grpcio"])
def front(request: pytest.FixtureRequest) -> str:
    """The server of the prediction port: whatever holds for one front holds for the other."""
    return str(request.param)


@pytest.fixture
async def serving(tmp_path: Path, front: str) -> AsyncIterator[Serving]:
    serving = Serving(tmp_path, front=front)
    await serving.start()
    yield serving
    await serving.stop()


@pytest.fixture
async def roomy(tmp_path: Path, front: str) -> AsyncIterator[Serving]:
    """One whose queue holds every request of a test, because a busy machine queues even cheap ones."""
    serving = Serving(tmp_path, queue=1024, front=front)
    await serving.start()
    yield serving
    await serving.stop()


@pytest.fixture
def rows() -> np.ndarray:
    return np.arange(6.0).reshape(2, 3)
