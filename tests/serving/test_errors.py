"""Statuses of errors, as clients of any language read them."""

from __future__ import annotations

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from grpc_status import rpc_status

from pretzel.client.hints import retry_after
from pretzel.errors import ExhaustedError, InputError, NoCatalogError
from pretzel.serving.errors import MOST_DETAILED, status_of
from tests.control_plane.serve.test_interceptor import Service, call


async def failure_of(error: Exception) -> grpc.aio.AioRpcError:
    service = Service()
    service.raising = error
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(service, "unary")
    return caught.value


@pytest.mark.parametrize("error", [InputError("column 'a'"), NoCatalogError("try another"), ExhaustedError("full")])
async def test_details_name_the_class_of_an_error(error: Exception):
    failure = await failure_of(error)
    status = rpc_status.from_call(failure)
    info = ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (status.message, info.reason, info.domain) == (str(error), type(error).__name__, "pretzel")
    assert dict(failure.trailing_metadata() or ())["pretzel-error"] == type(error).__name__


async def test_details_of_a_fault_name_its_identifier():
    failure = await failure_of(ZeroDivisionError("secret"))
    info = ErrorInfo()
    assert rpc_status.from_call(failure).details[0].Unpack(info)
    assert info.reason == "INTERNAL_FAULT"
    assert info.metadata["fault"] in (failure.details() or "")


def test_a_long_message_is_sent_once():
    assert len(status_of(InputError("x" * (MOST_DETAILED + 1))).metadata) == 1


async def test_details_of_an_unavailable_server_suggest_a_retry():
    details = rpc_status.from_call(await failure_of(NoCatalogError("try another"))).details
    retry = RetryInfo()
    assert details[1].Unpack(retry)
    assert retry.retry_delay.seconds > 0
    assert len(rpc_status.from_call(await failure_of(ExhaustedError("full"))).details) == 1


@pytest.mark.parametrize("seconds", [0.0, 0.25, 3.5])
async def test_details_of_a_full_queue_suggest_a_retry_that_clients_without_google_rpc_read(seconds: float):
    error = ExhaustedError("full")
    error.retry_after = seconds
    failure = await failure_of(error)
    retry = RetryInfo()
    assert rpc_status.from_call(failure).details[1].Unpack(retry)
    assert retry.retry_delay.ToTimedelta().total_seconds() == seconds == retry_after(failure)


async def test_details_name_the_field_that_is_wrong():
    error = InputError("column 'a'")
    error.field = "a"
    violations = BadRequest()
    assert rpc_status.from_call(await failure_of(error)).details[1].Unpack(violations)
    assert [(v.field, v.description) for v in violations.field_violations] == [("a", "column 'a'")]
