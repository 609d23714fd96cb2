"""Read a folder of pickled estimators, and announce the port of a server in it."""

from __future__ import annotations

import os
import pickle
import socket
from pathlib import Path
from typing import Any

import numpy as np


def estimators(folder: str) -> dict[str, Any]:
    """Return each estimator of a folder by the name of its file."""
    return {path.stem: pickle.loads(path.read_bytes()) for path in sorted(Path(folder).glob("*.pickle"))}


def reads_texts(estimator: Any) -> bool:
    """Return whether an estimator takes texts: pipelines over texts count no features."""
    return not hasattr(estimator, "n_features_in_")


def labels(estimator: Any, rows: list[Any]) -> list[Any]:
    """Return the predictions for rows: texts, or lists of numbers."""
    found: list[Any] = estimator.predict(rows if isinstance(rows[0], str) else np.asarray(rows)).tolist()
    return found


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


def announce(folder: str, port: int) -> None:
    """Write the port to the folder, at once."""
    partial = Path(folder, "port.partial")
    partial.write_text(str(port))
    os.replace(partial, Path(folder, "port"))
