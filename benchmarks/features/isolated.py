"""Measure isolated steps: one row against scikit-learn, and other models while hostile steps run.

``python -m benchmarks.features.isolated [--write]``.
"""

from __future__ import annotations

import contextlib
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from benchmarks import harness
from benchmarks.harness import Row
from pretzel.client import Client, ControlPlane
from pretzel.errors import PretzelError
from tests.e2e import own_steps as own
from tests.e2e.servers import Server, server

PAGE = Path(__file__).parents[2] / "docs/benchmarks/isolated.md"
SIBLINGS, OTHERS, CALM_SECONDS, LIMIT_SECONDS = 20, 10, 10.0, 1.0
DEEDS: list[Callable[[Any], Any]] = [
    *(own.loops, own.forks, own.fills_memory, own.writes, own.connects, own.kills_its_parent, own.kills_all),
    *(own.closes_its_pipes, own.other_shape, own.other_type, own.raises, own.exits, own.faults, own.huge),
]
ABOUT = """\
# Isolated steps

Written by `python -m benchmarks.features.isolated --write`. The worker has one serving process.

**One row.** Tf-idf and a user's function in Python loops (`own_steps.text_statistics`, isolated), read by a LightGBM
model; twenty siblings share the tf-idf. Pretzel answers over gRPC with its own client; scikit-learn answers in the
process of the caller. Each round measures both sides, in turn; *times faster* is the median ratio within a round."""
HOSTILE = """\
**Hostile steps.** A client calls ten other models of the same worker in turn, one row each, while another client calls
fourteen models whose steps loop, fork, fill the memory, write, connect, kill, or break their answers (limit: one second
of processor time). Times are those of the calls to the other models, in milliseconds; none of them failed."""


def main() -> None:
    """Print both measurements; ``--write`` also writes the page."""
    with tempfile.TemporaryDirectory() as directory, planes(Path(directory)) as (control, worker):
        rows = one_row(control, worker)
        calm, hurt = with_hostile_steps(control, worker)
    table = ["| | calls | p50 | p99 | p99.9 | worst |", "|---|---|---|---|---|---|"]
    table += [_line("alone", calm), _line("with hostile steps", hurt)]
    machine = f"On {platform.machine()}, Python {platform.python_version()}."
    page = "\n\n".join([ABOUT, machine, harness.table(rows), HOSTILE, "\n".join(table)]) + "\n"
    print(page)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page)


@contextlib.contextmanager
def planes(directory: Path) -> Iterator[tuple[Server, Server]]:
    """Start a control plane and a worker that both run Python stages."""
    settings = {"data_dir": directory / "c/data", "control_port": 0, "control_metrics_port": 0}
    with server("control-plane", directory / "c", verify_python_stages="true", **settings) as control:
        mine = {"cache_dir": directory / "w/cache", "control_plane": control.address, "port": 0, "metrics_port": 0}
        limits = {"python_seconds": LIMIT_SECONDS, "python_memory_bytes": "64MiB", "executor_threads": 2}
        with server("worker", directory / "w", python_stages="true", http="off", **mine, **limits) as worker:
            yield control, worker


def one_row(control: Server, worker: Server) -> list[Row]:
    """Compare one row of a sibling over gRPC with the library in process."""
    dice = np.random.default_rng(0)
    words = [f"w{i}" for i in range(3000)]
    texts = [" ".join(dice.choice(words, 40)) + "!" * (i % 3) for i in range(200)]
    features = make_union(TfidfVectorizer().fit(texts), FunctionTransformer(own.text_statistics))
    matrix, labels = features.transform(texts), np.arange(200) % 2
    with ControlPlane(control.address) as plane, Client(worker.address) as client:
        for i in range(SIBLINGS):
            head = LGBMClassifier(n_estimators=100, random_state=i, verbose=-1, n_jobs=1)
            model = make_pipeline(features, head.fit(matrix, np.roll(labels, i)))
            plane.deploy(f"sibling{i}", model, sample=texts[:50], python="isolated")
        row, last = texts[:1], f"sibling{SIBLINGS - 1}"
        np.testing.assert_allclose(client.predict_proba(last, row), model.predict_proba(row), rtol=1e-9)
        ours, theirs = lambda: client.predict_proba(last, row), lambda: model.predict_proba(row)
        return [harness.compare("tf-idf, own statistics, LightGBM", "scikit-learn, in process", ours, theirs)]


def with_hostile_steps(control: Server, worker: Server) -> tuple[list[float], list[float]]:
    """Return the seconds of calls to other models, alone and while hostile steps run."""
    dice = np.random.default_rng(0)
    x, labels = dice.normal(size=(40, 3)), np.arange(40) % 2
    with ControlPlane(control.address) as plane, Client(worker.address) as client:
        for deed in DEEDS:
            model = make_pipeline(StandardScaler(with_std=False), own.Own(deed), LogisticRegression()).fit(x, labels)
            plane.deploy(deed.__name__, model, sample=x, python="isolated", wait=False)
        plain = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, labels)
        for i in range(OTHERS):
            plane.deploy(f"other{i}", plain, sample=x)
        with called(worker, x[:1]) as calm:
            time.sleep(CALM_SECONDS)
        with called(worker, x[:1]) as hurt:
            for deed in DEEDS:
                with contextlib.suppress(PretzelError):
                    client.predict(deed.__name__, np.array([[own.TRIGGER, 0.0, 0.0]]))
        return calm, hurt


@contextlib.contextmanager
def called(worker: Server, row: Any) -> Iterator[list[float]]:
    """Call the other models in turn until the block ends; a call that fails ends the measurement."""
    seconds, problems, stop = list[float](), list[PretzelError](), threading.Event()

    def call() -> None:
        try:
            with Client(worker.address) as client:
                while not stop.is_set():
                    begun = time.perf_counter()
                    client.predict_proba(f"other{len(seconds) % OTHERS}", row, timeout=30)
                    seconds.append(time.perf_counter() - begun)
        except PretzelError as error:
            problems.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield seconds
    finally:
        stop.set()
        thread.join()
    if problems:
        raise problems[0]


def _line(name: str, seconds: list[float]) -> str:
    times = np.percentile(np.array(seconds) * 1e3, [50, 99, 99.9, 100])
    return f"| {name} | {len(seconds):,} | " + " | ".join(f"{value:.2f}" for value in times) + " |"


if __name__ == "__main__":
    main()
