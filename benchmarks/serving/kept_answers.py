"""One request again and again: a worker that keeps its answers against one that computes them.

The load comes from `h2load`.  Both workers have one serving process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from benchmarks.harness import Row, table
from benchmarks.serving import load
from benchmarks.serving.comparing import compare
from benchmarks.serving.models.calls import MODELS, Model
from benchmarks.serving.worker import worker

METHOD = "/pretzel.v1.PredictionService/Predict"
RIVAL = "computed each time"


def measure() -> list[Row]:
    """Compare cheap and expensive models."""
    models = [MODELS["wine"](), MODELS["words"](), *_expensive()]
    definitions = {model.name: model.definition for model in models}
    with ExitStack() as running:
        folders = [Path(running.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        keeping = running.enter_context(worker(folders[0], definitions, "--result-cache", "*"))
        computing = running.enter_context(worker(folders[1], definitions))
        targets = [f"127.0.0.1:{ready['port']}" for ready in (keeping, computing)]
        return [_row(model, *targets) for model in models]


def _row(model: Model, keeping: str, computing: str) -> Row:
    message = model.request().SerializeToString()
    rates = (partial(load.grpc_rate, target, METHOD, message) for target in (keeping, computing))
    return compare(model.name, RIVAL, *rates)


def _expensive() -> Iterator[Model]:
    x, y = make_classification(20_000, 20, n_informative=10, random_state=0)
    estimators: dict[str, Any] = {
        "forest of 300 trees": RandomForestClassifier(300, random_state=0).fit(x[:5000], y[:5000]),
        "support vectors": SVC().fit(x[:6000], y[:6000]),
        "neighbors among 20,000": KNeighborsClassifier(algorithm="brute").fit(x, y),
    }
    for name, estimator in estimators.items():
        yield Model(name, estimator, x[7])


if __name__ == "__main__":
    print(table(measure()))
