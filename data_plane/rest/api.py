"""The application of the HTTP front: paths, errors, codings and the fields that every response has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from structlog.contextvars import bound_contextvars

from pretzel.data_plane.oip.service import InferenceService
from pretzel.data_plane.rest import coding
from pretzel.data_plane.rest.access import enter, handled
from pretzel.data_plane.rest.content_types import ContentTypes
from pretzel.data_plane.rest.cors import Cors
from pretzel.data_plane.rest.http.messages import Request, Response
from pretzel.data_plane.rest.infer import Infer
from pretzel.data_plane.rest.invocations import Invocations
from pretzel.data_plane.rest.models import Models
from pretzel.data_plane.rest.openapi import Documents
from pretzel.data_plane.rest.predict import Predict
from pretzel.data_plane.rest.routing import Answer, Handler, Route, Routes
from pretzel.data_plane.rest.rows import Rows
from pretzel.data_plane.rest.statuses import HttpError, failed
from pretzel.data_plane.traffic.origin import ORIGIN
from pretzel.data_plane.transport.delay import Delay
from pretzel.serving.identity.caller import ACCESS
from pretzel.serving.identity.keeper import Keeper
from pretzel.serving.request_ids import LONGEST, new_id

REQUEST_ID = b"x-request-id"
_UNREAD = "unread"
"""Name in metrics of requests that could not be read, or that have no route."""
_JSON_TYPES = ("", "application/json", "application/octet-stream", "application/x-www-form-urlencoded")
"""Types of bodies that may be JSON: the third is that of the binary extension, the last one curl's own."""


class Api:
    """Answers requests."""

    def __init__(self, service: InferenceService, delay: Delay, keeper: Keeper | None = None) -> None:
        """Answer by a service; ``keeper`` knows callers."""
        self._keeper = keeper
        backend = service.backend
        self._tally, self._settings = backend.tally, backend.settings
        self._bound, self._delay = self._settings.shed_after_seconds, delay
        rows = Rows(backend)
        self._models = Models(service)
        self.routes = Routes()
        self._cors = Cors(self._settings.cors_origins)
        _add_models(self.routes, self._models)
        _add_predictions(
            self.routes,
            Infer(service, ContentTypes(backend, rows)),
            Predict(backend, rows),
            Invocations(backend, rows),
        )
        _add_documents(self.routes, Documents(backend, rows))

    @property
    def draining(self) -> bool:
        """Return whether the process stops."""
        return self._models.draining

    @draining.setter
    def draining(self, draining: bool) -> None:
        self._models.draining = draining

    def answer(self, request: Request) -> Answer:
        """Return the response, or an awaitable of it; neither raises."""
        route: Route | None = None
        names: Sequence[str] = ()
        try:
            if request.method == "OPTIONS":
                return self._finished(request, None, self._options(request))
            route, names = self.routes.find(request)
            enter(self._keeper, request, route, names)
            self._check(request, route)
            if coding.is_coded(request):
                return self._decoded(request, route, names)
            answer = handled(request, route, names)
        except Exception as error:
            return self._finished(request, route, self._failed(request, route, names, error))
        if isinstance(answer, Response):
            if len(answer.body) < coding.LEAST or not coding.accepts_gzip(request):
                return self._finished(request, route, answer)
            return self._compressed(request, route, answer)
        return self._awaited(request, route, names, answer)

    def count(self, status: int) -> None:
        """Count a request that could not be read."""
        self._tally.http[_UNREAD, str(status)] += 1

    async def _decoded(self, request: Request, route: Route, names: Any) -> Response:
        most = self._settings.max_message_bytes
        ACCESS.set(request.access)
        ORIGIN.set(request)
        try:
            if len(request.body) > coding.INLINE:
                request.body = await asyncio.to_thread(coding.decoded, request.body, most)
            else:
                request.body = coding.decoded(request.body, most)
            answer = route.handler(request, *names)
        except Exception as error:
            return self._finished(request, route, self._failed(request, route, names, error))
        if isinstance(answer, Response):
            return await self._compressed(request, route, answer)
        return await self._awaited(request, route, names, answer)

    async def _awaited(self, request: Request, route: Route, names: Any, answer: Awaitable[Response]) -> Response:
        ACCESS.set(request.access)
        ORIGIN.set(request)
        try:
            response = await answer
        except Exception as error:
            response = self._failed(request, route, names, error)
        return await self._compressed(request, route, response)

    async def _compressed(self, request: Request, route: Route, response: Response) -> Response:
        size = len(response.body)
        if size >= coding.LEAST and coding.accepts_gzip(request):
            if size > coding.INLINE:
                await asyncio.to_thread(coding.encode, response)
            else:
                coding.encode(response)
        return self._finished(request, route, response)

    def _check(self, request: Request, route: Route) -> None:
        if not route.takes_body:
            return
        if not request.has_length:
            raise HttpError(411, "the body is missing: send content-length, or transfer-encoding: chunked")
        if route.is_json and request.content_type not in _JSON_TYPES:
            raise HttpError(415, f"content-type {request.content_type[:100]!r}: expected application/json")
        delay = self._delay
        if delay.overloaded and self._bound and request.arrived - delay.since > self._bound:
            delay.refuses = True
            self._tally.rejected["delay"] += 1
            raise HttpError(503, "this worker is overloaded; retry later, or on another worker", retry_after="1")

    def _options(self, request: Request) -> Response:
        allowed = "GET, HEAD, OPTIONS, POST" if request.path == "*" else ", ".join(self.routes.methods(request.path))
        return self._cors.preflight(request, allowed) or Response(204, headers=[("allow", allowed)])

    def _failed(self, request: Request, route: Route | None, names: Any, error: Exception) -> Response:
        with bound_contextvars(request_id=_identified(request)):
            response, code = failed(error)
        self._tally.error(route.name if route else _UNREAD, names[0] if names else "", code)
        return response

    def _finished(self, request: Request, route: Route | None, response: Response) -> Response:
        self._tally.http[route.name if route else _UNREAD, str(response.status)] += 1
        if request.stay is not None:
            request.stay.end()
        response.headers.append(("x-request-id", _identified(request)))
        if self._cors.origins:
            self._cors.permit(request, response)
        return response


def _identified(request: Request) -> str:
    """Return the identifier of a request: the client's, or a new one that it has from now on."""
    identifier = request.headers.get(REQUEST_ID)
    if not identifier:
        identifier = request.headers[REQUEST_ID] = new_id().encode()
    return identifier[:LONGEST].decode("latin-1")


def _add_models(routes: Routes, models: Models) -> None:
    for path, handler in {
        "/v2": models.server,
        "/v2/health/live": models.live,
        "/v2/health/ready": models.ready,
        "/ping": models.ping,
        "/health": models.ping,
        "/version": models.version,
        "/v2/models/stats": models.stats,
        "/v2/systemsharedmemory/status": models.regions,
        "/v2/systemsharedmemory/region/*/status": models.regions,
    }.items():
        routes.add("GET", path, Route(handler, path.rpartition("/")[2] if path != "/v2" else "server"))
    for start in ("/v2/models/*", "/v2/models/*/versions/*"):
        routes.add("GET", start, Route(models.metadata, "metadata"))
        for name, described in {"ready": models.model_ready, "config": models.config, "stats": models.stats}.items():
            routes.add("GET", f"{start}/{name}", Route(described, name))
    changes: dict[str, Handler] = {
        "/v2/repository/index": models.index,
        "/v2/repository/models/*/load": models.load,
        "/v2/repository/models/*/unload": models.unload,
        "/v2/systemsharedmemory/region/*/register": models.register,
        "/v2/systemsharedmemory/region/*/unregister": models.unregister,
        "/v2/systemsharedmemory/unregister": models.unregister,
    }
    for path, changing in changes.items():
        routes.add("POST", path, Route(changing, path.rpartition("/")[2]))


def _add_predictions(routes: Routes, infer: Infer, predict: Predict, invocations: Invocations) -> None:
    for start in ("/v2/models/*", "/v2/models/*/versions/*"):
        routes.add("POST", f"{start}/infer", _prediction(infer.infer, "infer"))
    routes.add("POST", "/v1/models/*:predict", _prediction(predict.predict, "predict"))
    routes.add("POST", "/v1/models/*/versions/*:predict", _prediction(predict.predict, "predict"))
    routes.add("GET", "/v1/models/*", Route(predict.describe, "describe"))
    routes.add("GET", "/v1/models/*/versions/*", Route(predict.describe, "describe"))
    routes.add("POST", "/invocations", Route(invocations.invoke, "invocations", takes_body=True, is_json=False))


def _add_documents(routes: Routes, documents: Documents) -> None:
    routes.add("GET", "/openapi.json", Route(documents.server, "openapi"))
    for start in ("/v2/models/*", "/v2/models/*/versions/*"):
        routes.add("GET", f"{start}/openapi.json", Route(documents.model, "openapi"))


def _prediction(handler: Any, name: str) -> Route:
    return Route(handler, name, takes_body=True)
