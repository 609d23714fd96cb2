"""A real control plane in a separate process, and the three steps by which a client deploys."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np

from pretzel.plan import ops, wire
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.model import ModelVersion
from pretzel.plan.parameter import Parameter
from pretzel.v1 import control_pb2 as pb
from pretzel.v1 import control_pb2_grpc, plan_pb2, worker_pb2_grpc
from tests.helpers.failpoints import killed_at

WIDTH = 400  # wide enough that the weights are a separate object
SECONDS = 30


class Server:
    """A running control plane."""

    def __init__(
        self,
        data_dir: Path,
        *,
        dies_at: str = "",
        program: Sequence[str] = (sys.executable, "-P", "-m", "pretzel.control_plane"),
        descriptors: int = 0,
        **settings: object,
    ) -> None:
        values = {"control_port": 0, "control_metrics_port": 0, "data_dir": data_dir, "deployments": 1} | settings
        environment = {f"PRETZEL_{name.upper()}": str(value) for name, value in values.items()}
        self.data_dir = data_dir
        self.log = data_dir.parent / f"{data_dir.name}.log"
        with open(self.log, "a") as log:
            command = killed_at(dies_at) if dies_at else program
            self.process = subprocess.Popen(
                [*(["prlimit", f"--nofile={descriptors}:{descriptors}"] if descriptors else []), *command],
                env=os.environ | environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        self.ready = json.loads(line)
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self.channel = grpc.insecure_channel(self.ready["address"], options)
        self.control = control_pb2_grpc.ControlPlaneServiceStub(self.channel)
        self.worker = worker_pb2_grpc.WorkerServiceStub(self.channel)

    def upload(self, blobs: Iterable[bytes | memoryview], piece: int = 1 << 20) -> pb.UploadObjectsResponse:
        return self.control.UploadObjects(pieces(blobs, piece), timeout=SECONDS)

    def missing(self, digests: Iterable[Digest]) -> list[Digest]:
        request = pb.FindMissingObjectsRequest(digests=map(wire.digest_to_proto, digests))
        return [wire.digest_from_proto(d) for d in self.control.FindMissingObjects(request, timeout=SECONDS).missing]

    def send(self, definition: Definition) -> None:
        """Upload the missing parameters of a definition."""
        missing = self.missing(definition.parameters)
        self.upload([definition.parameters[digest].blob for digest in missing])

    def steps(self, name: str, sent: Definition | plan_pb2.Definition, **more: object) -> list[str | ModelVersion]:
        message = wire.definition_to_proto(sent) if isinstance(sent, Definition) else sent
        request = pb.DeployModelRequest(**{"model": name, "definition": message, "alias": "stable"} | more)
        return [
            wire.model_version_from_proto(answer.version) if answer.HasField("version") else answer.progress
            for answer in self.control.DeployModel(request, timeout=SECONDS)
        ]

    def deploy(self, name: str, definition: Definition, **more: object) -> ModelVersion:
        self.send(definition)
        version = self.steps(name, definition, **more)[-1]
        assert isinstance(version, ModelVersion)
        return version

    def close(self) -> int:
        self.channel.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(SECONDS)
        finally:
            self.process.kill()
            if self.process.stdout:
                self.process.stdout.close()


@contextmanager
def control_plane(data_dir: Path, **settings: object) -> Iterator[Server]:
    server = Server(data_dir, **settings)
    try:
        yield server
    except BaseException as error:
        code = server.process.poll()
        state = "runs" if code is None else f"ended with {code}"
        error.add_note(f"the control plane {state}; the end of its log:\n{server.log.read_text()[-2000:]}")
        raise
    finally:
        server.close()


def pieces(blobs: Iterable[bytes | memoryview], piece: int = 1 << 20) -> Iterator[pb.UploadObjectsRequest]:
    for blob in blobs:
        digest = wire.digest_to_proto(Digest.of(blob))
        for offset in range(0, len(blob) or 1, piece):
            yield pb.UploadObjectsRequest(digest=digest, offset=offset, data=bytes(blob[offset : offset + piece]))


def arrays(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The scale that all models share, and the weights of one."""
    scale = np.random.default_rng(0).uniform(0.5, 2, WIDTH)
    return scale, np.random.default_rng([1, seed]).normal(size=WIDTH)


def definition(seed: int = 0) -> Definition:
    """A scaled linear score and the label of its sign."""
    scale, weights = arrays(seed)
    x = ops.Input("x", f"f64[{WIDTH}]")
    score = ops.Linear(ops.Affine(x, Parameter.of(scale)), Parameter.of(weights), Parameter.of(np.array([0.5])))
    label = ops.LabelLookup(ops.Threshold(score), Parameter.strings(["no", "yes"]))
    return Definition({"decision_function": score, "predict": label}, (x,), {"estimator": "Sign", "seed": seed})


def sample(seed: int = 0, rows: int = 20, off: float = 0.0) -> pb.Sample:
    """Rows and the outputs of `definition(seed)`, computed without Pretzel; the third is wrong by ``off``."""
    scale, weights = arrays(seed)
    x = np.random.default_rng(5).normal(size=(rows, WIDTH))
    scores = (x * scale) @ weights + 0.5
    scores[2] += off
    labels = ["yes" if score > 0 else "no" for score in scores]
    return pb.Sample(
        inputs=wire.columns_to_proto({"x": x}),
        outputs=wire.columns_to_proto({"decision_function": scores, "predict": labels}),
    )


def models(server: Server, prefix: str) -> list[str]:
    return [model.name for model in server.control.ListModels(pb.ListModelsRequest(prefix=prefix)).models]
