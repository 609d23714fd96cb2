"""Serve a pickled estimator by MLServer over gRPC: ``python mlserver_server.py MODEL PORT``."""

from __future__ import annotations

import json
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import joblib
from mlserver.cli import main

MODEL = {"name": "model", "implementation": "mlserver_sklearn.SKLearnModel"}
SETTINGS = {
    "host": "127.0.0.1",
    "parallel_workers": 0,  # in its own process: no hop to another one for each call
    "metrics_endpoint": None,
    "debug": False,
    "logging_settings": None,
}


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def write(directory: Path, model: Path, port: int) -> None:
    """Write the settings of the server and of the model."""
    estimator: Any = joblib.load(model)
    kind = "np" if hasattr(estimator, "n_features_in_") else "str"  # pipelines over texts count no features
    parameters = {"uri": str(model), "content_type": kind}
    settings = {**SETTINGS, "http_port": free_port(), "metrics_port": free_port(), "grpc_port": port}
    (directory / "settings.json").write_text(json.dumps(settings))
    (directory / "model-settings.json").write_text(json.dumps({**MODEL, "parameters": parameters}))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        write(Path(directory), Path(sys.argv[1]).resolve(), int(sys.argv[2]))
        sys.argv = ["mlserver", "start", directory]
        main()
