"""Errors as responses: the status of HTTP for each status of gRPC, and the body that every protocol here has."""

from __future__ import annotations

import math
from typing import Any

import grpc
import orjson

from pretzel.data_plane.rest.http.messages import JSON, Response
from pretzel.serving.errors import Status, status_of
from pretzel.serving.identity.http import CHALLENGE

STATUSES = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNIMPLEMENTED: 501,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
"""All others are faults of the server: 500."""


class HttpError(Exception):
    """A request that is wrong by HTTP's own rules."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.headers = [(name.replace("_", "-"), value) for name, value in headers.items()]


def failed(error: Exception) -> tuple[Response, str]:
    """Return the response for an error, and the name of its gRPC status for the counters."""
    if isinstance(error, HttpError):
        response = told(error.status, error.message)
        response.headers += error.headers
        return response, "INVALID_ARGUMENT" if error.status < 500 else "UNAVAILABLE"
    status = status_of(error)
    response = told(STATUSES.get(status.code, 500), status.message)
    response.headers += _retry(status)
    if response.status == 401:
        response.headers.append(CHALLENGE)
    return response, status.code.name


def told(status: int, message: str) -> Response:
    """Return the response with a message of an error."""
    return Response(status, orjson.dumps({"error": message}), JSON)


def _retry(status: Status) -> list[tuple[str, str]]:
    """Return when a retry may help, in whole seconds, as HTTP has them."""
    delay: Any = status.retry_delay
    return [] if delay is None else [("retry-after", str(math.ceil(delay.seconds + delay.nanos / 1e9)))]
