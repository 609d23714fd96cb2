"""Serve a folder of pickled estimators by MLServer over gRPC: ``python mlserver_server.py FOLDER``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import joblib
from folder import announce, estimators, free_port, reads_texts
from mlserver.cli import main

SETTINGS = {
    "host": "127.0.0.1",
    "parallel_workers": 0,  # in its own process: no hop to another one for each call
    "metrics_endpoint": None,
    "debug": False,
    "logging_settings": None,
}


def write(folder: Path, port: int) -> Path:
    """Write the settings of the server and of each model; return their folder."""
    root = folder / "mlserver"
    root.mkdir()
    ports = {"http_port": free_port(), "metrics_port": free_port(), "grpc_port": port}
    (root / "settings.json").write_text(json.dumps({**SETTINGS, **ports}))
    for name, estimator in estimators(str(folder)).items():
        (root / name).mkdir()
        joblib.dump(estimator, root / name / "model.joblib")
        parameters = {"uri": "./model.joblib", "content_type": "str" if reads_texts(estimator) else "np"}
        model = {"name": name, "implementation": "mlserver_sklearn.SKLearnModel", "parameters": parameters}
        (root / name / "model-settings.json").write_text(json.dumps(model))
    return root


if __name__ == "__main__":
    port = free_port()
    root = write(Path(sys.argv[1]).resolve(), port)
    announce(sys.argv[1], port)
    sys.argv = ["mlserver", "start", str(root)]
    main()
