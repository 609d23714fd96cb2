"""Start a server over pickled estimators: a rival in its environment, or a worker of ours."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.paper.baselines import calls
from benchmarks.paper.baselines.environments import SkippedError, python_of
from benchmarks.paper.baselines.processes import parent_of, stop
from benchmarks.serving.models.calls import Model
from benchmarks.serving.worker import worker

PROGRAMS = Path(__file__).parent / "programs"
START_SECONDS = 60.0


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    process: int
    """The first of its processes; all others descend from it."""
    calls: Mapping[str, calls.Call]
    """The call for each model's row."""
    start_seconds: float


@dataclass(frozen=True)
class Server:
    """A way to serve estimators."""

    name: str
    form: calls.Form
    options: tuple[str, ...] = ()
    """Of a worker of ours."""

    @property
    def is_ours(self) -> bool:
        """Return whether this is a worker."""
        return self.name.startswith("pretzel")


QUIET = ("--shed-after-seconds", "0")
"""A worker of a closed loop need not refuse calls."""
OURS = (
    Server("pretzel, gRPC", calls.own, QUIET),
    Server("pretzel, Open Inference gRPC", calls.tensors, QUIET),
    Server("pretzel, Open Inference REST", calls.rest, (*QUIET, "--http", "127.0.0.1:0")),
)
RIVALS = (
    *(Server(name, calls.plain) for name in ("fastapi", "litserve", "bentoml")),
    Server("mosec", partial(calls.plain, path="inference")),
    *(Server(name, calls.tensors) for name in ("mlserver", "triton")),
)
SERVERS = {server.name: server for server in (*OURS, *RIVALS)}


@contextlib.contextmanager
def started(server: Server, models: Sequence[Model], *, install: bool = False) -> Iterator[Running]:
    """Start a server, yield it once it answers for each model, and stop it.

    Raises:
        SkippedError: it is not installed, or does not start; the message says why in one line.
    """
    if not shutil.which("h2load"):
        raise SkippedError("h2load is not installed; install Debian's nghttp2-client")
    with tempfile.TemporaryDirectory() as folder:
        run = _worker if server.is_ours else partial(_rival, install=install)
        with run(server, models, Path(folder)) as running:
            yield running


@contextlib.contextmanager
def _worker(server: Server, models: Sequence[Model], folder: Path) -> Iterator[Running]:
    definitions = {model.name: model.definition for model in models}
    begun = time.monotonic()
    with worker(folder, definitions, *server.options) as ready:
        address = ready["http"] if server.form is calls.rest else f"127.0.0.1:{ready['port']}"
        made = {model.name: server.form(address, model) for model in models}
        for call in made.values():
            calls.answer(call)
        yield Running(parent_of(ready["processes"][0]), made, time.monotonic() - begun)


@contextlib.contextmanager
def _rival(server: Server, models: Sequence[Model], folder: Path, *, install: bool) -> Iterator[Running]:
    python = python_of(server.name, install=install).absolute()
    for model in models:
        (folder / f"{model.name}.pickle").write_bytes(model.pickled())
    begun, log = time.monotonic(), folder / "log"
    with log.open("wb") as out:
        command = [str(python), str(PROGRAMS / f"{server.name}_server.py"), str(folder)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder)
        try:
            end = begun + START_SECONDS
            address = f"127.0.0.1:{_port(server, process, folder, end)}"
            made = {model.name: server.form(address, model) for model in models}
            for call in made.values():
                _wait_for(server, process, call, end, log)
            yield Running(process.pid, made, time.monotonic() - begun)
        finally:
            stop(process)


def _port(server: Server, process: subprocess.Popen[bytes], folder: Path, end: float) -> int:
    announced = folder / "port"
    while not announced.exists():
        _check(server, process, end, folder / "log", "it announced no port")
        time.sleep(0.05)
    return int(announced.read_text())


def _wait_for(server: Server, process: subprocess.Popen[bytes], call: calls.Call, end: float, log: Path) -> None:
    while True:
        try:
            calls.answer(call)
            return
        except (OSError, ValueError) as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        _check(server, process, end, log, said)
        time.sleep(0.1)


def _check(server: Server, process: subprocess.Popen[bytes], end: float, log: Path, why: str) -> None:
    """Raise SkippedError if the server has ended, or its time has."""
    if process.poll() is not None:
        said = _last_words(log.read_text(errors="replace"))
        raise SkippedError(f"{server.name}: ended with {process.returncode} before it answered: {said}")
    if time.monotonic() > end:
        raise SkippedError(f"{server.name}: no answer in {START_SECONDS:.0f} s: {why[:200]}")


def _last_words(log: str) -> str:
    """Return the last line that names an error, or else the last one."""
    lines = [line.strip() for line in log.splitlines() if line.strip()] or ["it wrote nothing"]
    return next((line for line in reversed(lines) if "Error" in line), lines[-1])[:200]
