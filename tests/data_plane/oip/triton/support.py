"""Common parts of the cases: the server, the answers of the library, and inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

Client = triton.InferenceServerClient
SERVER: dict[str, str] = {}
WANT: dict[str, np.ndarray] = {}
SECONDS = 20


def tensor(name: str, array: np.ndarray) -> triton.InferInput:
    made = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    made.set_data_from_numpy(array)
    return made


def texts(*values: str) -> np.ndarray:
    return np.array(values, np.object_).reshape(-1, 1)


def wine() -> list[triton.InferInput]:
    return [tensor("X", WANT["rows"])]


def refused(status: str, text: str, call: Any, *arguments: Any, **options: Any) -> None:
    try:
        call(*arguments, **options)
    except InferenceServerException as error:
        assert error.status() == f"StatusCode.{status}", error.status()
        assert text in error.message(), error.message()
    else:
        raise AssertionError(f"no error, expected {status}")
