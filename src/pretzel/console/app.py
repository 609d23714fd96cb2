"""The application: addresses of pages, files, and pages of errors."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pretzel.client import AsyncControlPlane
from pretzel.console.guard import Guard
from pretzel.console.monitor import Monitor
from pretzel.console.pages import Views, problem_of
from pretzel.console.rendering import Pages
from pretzel.errors import PretzelError
from pretzel.scraping.reader import Reader
from pretzel.targets import Bearer, File, Tls

ASK_SECONDS = 3.0
"""Time that the control plane gets to list its workers."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plane:
    """A control plane, and how the console makes itself known to it and to its workers."""

    address: str
    tls: Tls = Tls()
    """Files of the connections to it and to the workers' metrics."""
    token_file: File | None = None
    """File with the token of the calls; None: by the environment."""
    insecure_token: bool = False
    """Allow the token over plain text to another machine."""

    def client(self) -> AsyncControlPlane:
        """Return a client of it."""
        token = {"token_file": self.token_file, "insecure_token": self.insecure_token}
        return AsyncControlPlane(
            self.address, tls_ca=self.tls.ca, tls_cert=self.tls.cert, tls_key=self.tls.key, **token
        )

    def reader(self) -> Reader:
        """Return a reader of its workers' metrics."""
        return Reader(self.tls, Bearer.of(file=self.token_file), insecure_token=self.insecure_token)


def application(control_plane: Plane, names: Collection[str] = (), started: Callable[[], None] = lambda: None) -> Guard:
    """Return the console of a control plane.

    Args:
        control_plane: it.
        names: names of hosts, besides addresses, under which browsers reach the console.
        started: called when it is ready to answer.
    """
    plane = control_plane.client()
    monitor = Monitor(lambda: plane.workers(timeout=ASK_SECONDS), control_plane.reader().read)
    pages = Pages(control_plane.address)
    views = Views(plane, monitor, pages)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(monitor.run())
        started()
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await plane.close()

    static = StaticFiles(directory=str(files("pretzel.console") / "static"))
    routes = [
        Route("/", views.overview),
        Route("/models", views.models),
        Route("/model", views.model),
        Route("/sharing", views.sharing),
        Route("/workers", views.workers),
        Route("/verification", views.failures),
        Route("/health", views.health),
        Mount("/static", static),
    ]
    zipped = [Middleware(GZipMiddleware, minimum_size=2000)]
    app = Starlette(routes=routes, lifespan=lifespan, middleware=zipped, exception_handlers=_handlers(pages))
    return Guard(app, names)  # around all of it: Starlette answers for an exception outside of its middleware


def _handlers(pages: Pages) -> dict[Any, Any]:
    def failed(request: Request, status: int, title: str, message: str) -> Response:
        data = {"title": title, "message": message, "retries": status == 503}
        return pages.answer(request, "problem.html", data, status)

    async def refused(request: Request, error: PretzelError) -> Response:
        status, title = problem_of(error)
        return failed(request, status, title, str(error))

    async def not_a_page(request: Request, error: HTTPException) -> Response:
        message = "The console only shows: it has no forms and takes no changes." if error.status_code == 405 else ""
        answer = failed(request, error.status_code, error.detail, message)
        answer.headers.update(error.headers or {})
        return answer

    async def broken(request: Request, error: Exception) -> Response:
        _log.error("a page failed", exc_info=error)
        return failed(request, 500, "The console failed", "Its standard error has the reason.")

    return {PretzelError: refused, HTTPException: not_a_page, Exception: broken}
