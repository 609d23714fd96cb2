"""Records sampled requests over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable

from pretzel.data_plane.rest.api import REQUEST_ID, Api
from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.statuses import HttpError
from pretzel.data_plane.telemetry.recording import RECORDING
from pretzel.data_plane.telemetry.telemetry import Active, Telemetry


class RecordedApi:
    """The application of the HTTP front, with records of sampled predictions."""

    def __init__(self, api: Api, telemetry: Telemetry) -> None:
        self._api, self._telemetry = api, telemetry

    @property
    def draining(self) -> bool:
        """Return whether the process stops."""
        return self._api.draining

    @draining.setter
    def draining(self, draining: bool) -> None:
        self._api.draining = draining

    def count(self, status: int) -> None:
        """Count a request that could not be read."""
        self._api.count(status)

    def answer(self, request: Request) -> Response | Awaitable[Response]:
        """Return the response, or an awaitable of it; neither raises."""
        active = self._active(request)
        return self._api.answer(request) if active is None else self._record(request, active)

    def _active(self, request: Request) -> Active | None:
        if request.method != "POST":
            return None
        try:
            route, _ = self._api.routes.find(request)
        except HttpError:
            return None
        if not route.takes_body:
            return None
        attributes = {"http.request.method": "POST", "url.path": request.path[:200]}
        return self._telemetry.begin(f"POST {route.name}", request.headers.items(), attributes)

    async def _record(self, request: Request, active: Active) -> Response:
        request.headers[REQUEST_ID] = active.recording.request_id.encode()
        token = RECORDING.set(active.recording)
        status = 499  # the client has left
        try:
            answer = self._api.answer(request)
            response = answer if isinstance(answer, Response) else await answer
            status = response.status
            return response
        finally:
            RECORDING.reset(token)
            code = "OK" if status < 400 else str(status)
            self._telemetry.end(active, code, {"http.response.status_code": status})
