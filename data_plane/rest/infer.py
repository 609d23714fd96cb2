"""`POST /v2/models/NAME/infer`: requests and answers are those of gRPC in another form."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from pretzel.data_plane.oip.service import InferenceService
from pretzel.data_plane.rest.content_types import ContentTypes
from pretzel.data_plane.rest.context import Until, deadline_of
from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.infer_requests import Asked, read
from pretzel.data_plane.rest.infer_responses import response_of
from pretzel.data_plane.rest.routing import Answer
from pretzel.data_plane.rest.statuses import HttpError
from pretzel.data_plane.telemetry.recording import RECORDING
from pretzel.data_plane.traffic.origin import ORIGIN

log = structlog.get_logger(__name__)

HEADER_LENGTH = b"inference-header-content-length"
LARGE = 64 << 10
"""Bytes of a body, or of an answer, from which they are converted on a thread."""


class Infer:
    """Answers requests for inference."""

    def __init__(self, service: InferenceService, content_types: ContentTypes) -> None:
        self._service, self._content_types = service, content_types

    def infer(self, request: Request, model: str, version: str = "") -> Answer:
        """Answer at once where that is cheap."""
        deadline, header = deadline_of(request), _header_length(request)
        if len(request.body) > LARGE:
            return self._infer_large(request.body, header, model, version, deadline)
        asked = read(request.body, header, model, version)
        if asked.content_type:
            return self._content_types.infer(asked, deadline)
        message = asked.message.SerializeToString()
        answer = self._shortcut(message, deadline)
        if isinstance(answer, bytes) and len(answer) <= LARGE:
            return response_of(answer, asked)
        return self._wait(asked, answer, deadline)

    async def _infer_large(
        self, body: bytes, header: int | None, model: str, version: str, deadline: float
    ) -> Response:
        asked, message = await asyncio.to_thread(_read_large, body, header, model, version)
        if asked.content_type:
            return await self._content_types.infer(asked, deadline)
        return await self._wait(asked, self._shortcut(message, deadline), deadline)

    def _shortcut(self, message: bytes, deadline: float) -> Any:
        """Return the answer of the hot path, an awaitable of it, or None; a recorded call takes the ordinary path."""
        if RECORDING.get() is not None:
            return None
        try:
            return self._service.fast.answer(message, deadline, ORIGIN.get())
        except Exception as error:  # the ordinary path still answers, or fails in its own words
            log.error("the shortcut of a method failed", exc_info=error)
            return None

    async def _wait(self, asked: Asked, answer: Any, deadline: float) -> Response:
        if answer is not None and not isinstance(answer, bytes):
            answer = await answer
        if answer is None:
            context: Any = Until(deadline)
            answer = await self._service.ModelInfer(asked.message, context)
        if len(answer) > LARGE:
            return await asyncio.to_thread(response_of, answer, asked)
        return response_of(answer, asked)


def _read_large(body: bytes, header: int | None, model: str, version: str) -> tuple[Asked, bytes]:
    asked = read(body, header, model, version)
    return asked, b"" if asked.content_type else asked.message.SerializeToString()


def _header_length(request: Request) -> int | None:
    text = request.headers.get(HEADER_LENGTH)
    if text is None:
        return None
    if not text.isdigit() or len(text) > 18 or int(text) > len(request.body):
        problem = f"header field {HEADER_LENGTH.decode()}: expected the bytes of the JSON in the body, at most "
        raise HttpError(400, f"{problem}{len(request.body)}, got {text[:40].decode('latin-1')!r}")
    return int(text)
