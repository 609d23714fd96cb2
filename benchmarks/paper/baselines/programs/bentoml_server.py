"""Serve a folder of pickled estimators by BentoML: ``python bentoml_server.py FOLDER``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import bentoml
from folder import announce, estimators, free_port, labels


@bentoml.service(workers=1)
class Predict:
    """Answers one row with its label."""

    def __init__(self) -> None:
        self.models = estimators(os.environ["FOLDER"])

    @bentoml.api
    def predict(self, model: str, row: Any) -> list[Any]:
        """Score one row."""
        return labels(self.models[model], [row])


if __name__ == "__main__":
    port, here = free_port(), Path(__file__).resolve()
    announce(sys.argv[1], port)
    os.environ |= {"FOLDER": os.path.abspath(sys.argv[1]), "BENTOML_DO_NOT_TRACK": "True"}
    os.environ["BENTOML_HOME"] = os.path.join(os.environ["FOLDER"], "home")
    command = [sys.executable, "-m", "bentoml", "serve", f"{here.stem}:Predict", "--host", "127.0.0.1"]
    os.chdir(here.parent)
    os.execv(sys.executable, [*command, "--port", str(port)])
