"""Serve a folder of pickled estimators by LitServe: ``python litserve_server.py FOLDER``."""

from __future__ import annotations

import sys
from typing import Any

import litserve
from folder import announce, estimators, free_port, labels


class Predict(litserve.LitAPI):
    """Answers one row with its label."""

    folder = ""

    def setup(self, device: str) -> None:
        """Load the models."""
        self.models = estimators(self.folder)

    def decode_request(self, request):  # type: ignore[no-untyped-def]  # LitServe reads the types
        """Return the call, which is JSON."""
        return request

    def predict(self, x: Any, **kwargs: Any) -> Any:
        """Score one row."""
        return labels(self.models[x["model"]], [x["row"]])

    def encode_response(self, output: Any, **kwargs: Any) -> Any:
        """Return the labels."""
        return output


if __name__ == "__main__":
    api = Predict()
    api.folder = sys.argv[1]
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    port = free_port()
    announce(sys.argv[1], port)
    server.run(host="127.0.0.1", port=port, log_level="warning", generate_client_file=False)
