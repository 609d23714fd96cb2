"""One worker that traces what its clients trace and logs every call, with a collector of its traces."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.data_plane.oip.trained import definitions
from tests.data_plane.rest.served import Worker, running
from tests.data_plane.telemetry.collector import Collector, collecting
from tests.e2e.up import until


@dataclass
class Observed:
    """A worker, the collector of its traces, and the directory of its request logs."""

    worker: Worker
    collector: Collector
    endpoint: str
    logs: Path


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    path, logs = tmp_path_factory.mktemp("telemetry"), tmp_path_factory.mktemp("requests")
    options = ["--tracing", "--triton-metrics", f"--request-log={logs}", "--request-log-rate=1"]
    options += ["--request-log-drop=note", "--request-log-hash=kind", "--request-log-key=k"]
    with collecting() as (collector, endpoint), pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        patch.delenv("OTEL_TRACES_SAMPLER", raising=False)
        models = definitions() | {"drinks": definitions()["frame"]}
        with running(path, models, *options) as worker:
            for name in models:  # a worker listens before it has fetched them
                until(lambda name=name: worker.get(f"/v2/models/{name}/ready").status == 200, name)
            yield Observed(worker, collector, endpoint, logs)


_numbers = itertools.count(1)


@pytest.fixture
def parent() -> tuple[str, str]:
    """A trace of a client that is sampled, and the field that says so."""
    number = next(_numbers)
    trace = f"{number:032x}"
    return trace, f"00-{trace}-{number:016x}-01"
