"""Serve a folder of pickled estimators by mosec, in batches: ``python mosec_server.py FOLDER``."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from folder import announce, estimators, free_port, labels
from mosec import Server, Worker

BATCH = 16


class Predict(Worker):
    """Answers a batch of JSON documents, each one row of a model."""

    def __init__(self) -> None:
        super().__init__()
        self.models = estimators(os.environ["FOLDER"])

    def deserialize(self, data: bytes) -> Any:
        """Read one call."""
        return json.loads(data)

    def serialize(self, data: Any) -> bytes:
        """Write one label."""
        return json.dumps(data).encode()

    def forward(self, data: list[Any]) -> list[Any]:
        """Score the rows of each model together."""
        answers: list[Any] = [None] * len(data)
        for model in {call["model"] for call in data}:
            places = [i for i, call in enumerate(data) if call["model"] == model]
            for i, label in zip(places, labels(self.models[model], [data[i]["row"] for i in places]), strict=True):
                answers[i] = [label]
        return answers


if __name__ == "__main__":
    os.environ.setdefault("FOLDER", os.path.abspath(sys.argv[1]))
    port = os.environ.setdefault("PORT", str(free_port()))  # mosec starts this program again for each worker
    announce(os.environ["FOLDER"], int(port))
    sys.argv = [sys.argv[0], "--port", port, "--address", "127.0.0.1", "--log-level", "warning"]
    server = Server()
    server.append_worker(Predict, num=1, max_batch_size=BATCH, max_wait_time=1)
    server.run()
