"""Reads the metrics of workers over HTTP."""

from __future__ import annotations

import asyncio
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pretzel.errors import InputError, PermissionDeniedError, PretzelError, UnauthenticatedError, UnavailableError
from pretzel.scraping.metrics import Scrape, parse
from pretzel.targets import Bearer, Target, Tls

SECONDS = 5.0
"""The longest wait for the metrics of one worker."""
MOST_BYTES = 64 << 20
"""Largest answer that is read: 10,000 models take about 25 MiB."""

REFUSED: Mapping[int, type[PretzelError]] = {401: UnauthenticatedError, 403: PermissionDeniedError}
"""Errors of closed metrics, by the status."""


class Reader:
    """Reads metrics over HTTP; redirects are not followed, since a worker states the URL."""

    def __init__(self, tls: Tls, bearer: Bearer | None = None, *, insecure_token: bool = False) -> None:
        """Trust the authorities of the control plane's connection, and show the same certificate and token.

        The token goes over plain text to this machine only, unless ``insecure_token`` allows others.
        """
        self._bearer, self._insecure = bearer, insecure_token
        self._context = _context(tls)
        handlers = [_NoRedirect(), urllib.request.ProxyHandler({})]
        self._opener = urllib.request.build_opener(*handlers, urllib.request.HTTPSHandler(context=self._context))

    async def read(self, url: str, worker: str | None = None) -> Scrape:
        """Return the metrics at a URL, as :meth:`read_now` does, without stopping the event loop."""
        return await asyncio.to_thread(self.read_now, url, worker)

    def read_now(self, url: str, worker: str | None = None) -> Scrape:
        """Return the metrics at a URL.

        Args:
            url: it.
            worker: address of the worker that stated the URL: the token goes to its host only.  None for a URL that
                the caller knows, which gets the token.

        Raises:
            InputError: the URL is not one of metrics.
            UnauthenticatedError, PermissionDeniedError: they are closed to this caller.
            UnavailableError: there are none; the message has the reason.
        """
        parts = urlsplit(url)
        if (
            parts.scheme not in ("http", "https")
            or not parts.path.endswith("/metrics")
            or parts.query
            or "@" in parts.netloc
        ):
            raise InputError(f"metrics at {url!r}: expected http://host:port/metrics")
        request = urllib.request.Request(url)
        withheld = self._withheld(parts, worker)
        if self._bearer is not None and not withheld:
            for name, value in self._bearer.metadata():
                request.add_unredirected_header(name, value)
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                data: bytes = answer.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES >> 20} MiB")
            return parse(data.decode())
        except urllib.error.HTTPError as error:
            if error.code not in REFUSED:
                raise UnavailableError(f"metrics at {url}: {error.reason}") from None
            said = withheld or error.read(1000).decode(errors="replace").strip()
            raise REFUSED[error.code](f"metrics at {url}: {said}") from None
        except (OSError, ValueError) as error:
            raise UnavailableError(f"metrics at {url}: {getattr(error, 'reason', error)}") from None

    def _withheld(self, parts: SplitResult, worker: str | None) -> str:
        """Return the reason why a URL does not get the token; empty if it does, or if there is none."""
        if self._bearer is None:
            return ""
        target = Target.of(f"{parts.scheme}://{parts.netloc}")
        if worker is not None and not _is_host_of(target, worker):
            return f"the token was not sent: the host is not that of the worker's address {worker[:100]!r}"
        if not (self._insecure or target.is_private):
            return "the token was not sent: others could read it over plain text; use TLS, or pass --insecure-token"
        return ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """Follow no redirect; the answer then counts as an error."""


def _is_host_of(target: Target, worker: str) -> bool:
    """Return whether a server is on the host of a worker's address."""
    try:
        own = Target.of(worker)
    except InputError:
        return False
    if own.is_near or target.is_near:
        return own.is_near and target.is_near
    return own.server is not None and target.server is not None and own.server[0].lower() == target.server[0].lower()


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.ca is not None:  # the file may hold the certificate of the server itself
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if tls.cert is not None and tls.key is not None:
        context.load_cert_chain(tls.cert, tls.key)
    return context
