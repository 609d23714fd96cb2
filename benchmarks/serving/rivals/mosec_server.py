"""Serve a pickled estimator by mosec, in batches: ``python mosec_server.py MODEL PORT``."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import joblib
import numpy as np
from mosec import Server, Worker

BATCH = 16
WORKERS = 2  # one per core; mosec's front is a process of its own


class Predict(Worker):
    """Answers a batch of JSON documents, each one row, with labels."""

    def __init__(self) -> None:
        super().__init__()
        self.model = joblib.load(os.environ["MODEL"])

    def deserialize(self, data: bytes) -> Any:
        """Read one row."""
        return json.loads(data)

    def serialize(self, data: Any) -> bytes:
        """Write one label."""
        return json.dumps(data).encode()

    def forward(self, data: list[Any]) -> list[Any]:
        """Score a batch."""
        rows = data if isinstance(data[0], str) else np.asarray(data)
        labels: list[Any] = self.model.predict(rows).tolist()
        return labels


if __name__ == "__main__":
    os.environ["MODEL"] = sys.argv[1]
    sys.argv = [sys.argv[0], "--port", sys.argv[2], "--log-level", "warning"]
    server = Server()
    server.append_worker(Predict, num=WORKERS, max_batch_size=BATCH, max_wait_time=1)
    server.run()
