"""Serve a folder of pickled estimators by Triton's Python backend, over gRPC: ``python triton_server.py FOLDER``."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable
from typing import Any

import numpy as np
from folder import announce, estimators, free_port, reads_texts
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig


def scorer(estimator: Any) -> Callable[..., Any]:
    """Return the function that Triton calls with the rows of a batch."""
    texts = reads_texts(estimator)

    @batch
    def predict(X: np.ndarray) -> dict[str, np.ndarray]:
        rows: Any = [row[0].decode() for row in X] if texts else X
        found = np.asarray(estimator.predict(rows))
        if found.dtype.kind in "OU":
            found = np.char.encode(found.astype(str))
        return {"predict": found.reshape(-1, 1)}

    return predict


def label_type(estimator: Any) -> Any:
    """Return the type of the predictions."""
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return np.float64
    return bytes if classes.dtype.kind in "OU" else classes.dtype.type


def link_own_library() -> None:
    """Let Triton's interpreters link the libpython of this one; the system may have another release of it."""
    folders = [sysconfig.get_config_var("LIBDIR"), os.environ.get("LD_LIBRARY_PATH")]
    os.environ["LD_LIBRARY_PATH"] = ":".join(filter(None, folders))


if __name__ == "__main__":
    link_own_library()
    port = free_port()
    config = TritonConfig(
        grpc_port=port, http_port=free_port(), allow_metrics=False, grpc_address="127.0.0.1", http_address="127.0.0.1"
    )
    with Triton(config=config) as triton:
        for name, estimator in estimators(sys.argv[1]).items():
            texts = reads_texts(estimator)
            taken = Tensor(name="X", dtype=bytes if texts else np.float64, shape=(1 if texts else -1,))
            given = Tensor(name="predict", dtype=label_type(estimator), shape=(1,))
            triton.bind(name, scorer(estimator), [taken], [given], config=ModelConfig(max_batch_size=16))
        announce(sys.argv[1], port)
        triton.serve()
