"""Errors of both fronts have the identifier of their request, and so has the log."""

from __future__ import annotations

import re
from typing import Any

import grpc
import pytest
import structlog

from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.serve.conftest import Serving

MADE = re.compile(r"[0-9a-f]{16}")


async def failure(serving: Serving, metadata: Any = ()) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await serving.stub.Predict(pb.PredictRequest(model="absent"), timeout=20, metadata=metadata)
    return error.value


async def test_errors_have_an_identifier(serving: Serving):
    given = dict((await failure(serving, (("x-request-id", "order-17"),))).trailing_metadata())
    assert (given["x-request-id"], given["pretzel-error"]) == ("order-17", "NoCatalogError")  # none was applied
    for metadata in ((), (("x-request-id", "a b"),)):
        made = dict((await failure(serving, metadata)).trailing_metadata())
        assert MADE.fullmatch(made["x-request-id"])


async def test_the_log_has_a_fault_under_the_identifier_of_its_request(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
):
    async def broken(reference: str) -> Any:
        raise ZeroDivisionError(reference)

    monkeypatch.setattr(serving.service, "_find", broken)
    with structlog.testing.capture_logs([structlog.contextvars.merge_contextvars]) as entries:
        error = await failure(serving, (("x-request-id", "order-18"),))
    assert error.code() is grpc.StatusCode.INTERNAL
    (entry,) = [entry for entry in entries if entry.get("fault")]
    assert entry["request_id"] == "order-18"
    assert entry["fault"] in error.details()
