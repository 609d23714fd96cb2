"""Asserts the status and message of a rejected call."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest


@contextmanager
def fails(code: str, message: str) -> Iterator[None]:
    with pytest.raises(grpc.RpcError) as caught:
        yield
    error = caught.value
    assert (error.code().name, bool(re.search(message, error.details() or ""))) == (code, True), error.details()
    assert "Traceback" not in (error.details() or "")
