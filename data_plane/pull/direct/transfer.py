"""Transfers one object over HTTP.  It continues after interruptions, and another thread may stop it."""

from __future__ import annotations

import re
import threading
import time
from contextlib import suppress

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from pretzel.data_plane.cache.incoming import Incoming
from pretzel.errors import CancelledError, PretzelError, UnavailableError
from pretzel.plan.digest import Digest

_PIECE = 1 << 20
_CUTS = 8
"""Interruptions of one transfer before it is given up."""
_PAUSE_SECONDS = 0.1
_PATIENCE_SECONDS, _SLOWEST = 60.0, 128 << 10
"""Longest time of a transfer: seconds, and one more for so many bytes."""
_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")
_OVER = (400, 401, 403)
"""Statuses of URLs whose time is over; servers do not agree on one."""


class UnreachableError(PretzelError):
    """The host cannot be reached, is not trusted, or fails again and again."""


class ExpiredError(PretzelError):
    """The server does not accept the URL (any more)."""


class Transfer:
    """The transfer of one object into ``incoming``, by one URL after the other."""

    def __init__(self, pool: urllib3.PoolManager, digest: Digest, incoming: Incoming) -> None:
        self._pool, self._digest, self._incoming = pool, digest, incoming
        self._cuts = 0
        self._end = time.monotonic() + _PATIENCE_SECONDS + digest.size / _SLOWEST
        self._stopped = threading.Event()
        self._response: urllib3.BaseHTTPResponse | None = None

    def run(self, url: str) -> None:
        """Fetch what is missing, and commit the object.

        Raises:
            ExpiredError: the URL is not accepted; another one continues.
            UnreachableError: the host cannot be reached, or fails too often.
            UnavailableError: the server does not send this object.
            CorruptObjectError: it sends other bytes.
            CancelledError: :meth:`stop` was called.
            OSError: this disk cannot store it.
        """
        while self._incoming.size < self._digest.size:
            try:
                self._continue(url)
            except (NewConnectionError, ConnectTimeoutError, SSLError) as error:
                raise UnreachableError(_brief(error)) from None
            except HTTPError as error:
                self._cut(_brief(error))
        self._check()
        self._incoming.commit()

    def stop(self) -> None:
        """End a transfer that runs on another thread; it raises soon."""
        self._stopped.set()
        response = self._response
        if response is not None:
            with suppress(ValueError, RuntimeError, OSError):  # it has ended, or sent no body yet
                response.shutdown()

    def _continue(self, url: str) -> None:
        self._check()
        at = self._incoming.size
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={at}-"} if at else {})
        response = self._pool.request(
            "GET", url, headers=headers, redirect=False, retries=False, preload_content=False, decode_content=False
        )
        self._response = response
        try:
            self._check()  # it may have been stopped before there was a response to shut down
            self._take(response, at)
        finally:
            self._response = None
            response.close()

    def _take(self, response: urllib3.BaseHTTPResponse, at: int) -> None:
        if response.status in _OVER:
            raise ExpiredError(f"the store answered {response.status}")
        if response.status >= 500 or response.status == 429:
            return self._cut(f"the store answered {response.status}")
        if response.status not in (200, 206):
            raise UnavailableError(f"object {self._digest}: the store answered {response.status}")
        known = at - _first(response, at)
        if known < 0:
            raise UnavailableError(f"object {self._digest}: the store did not send the byte at {at}")
        while self._incoming.size < self._digest.size and (piece := response.read1(_PIECE)):
            self._check()
            self._incoming.write(piece[known:])
            known = max(known - len(piece), 0)
        if self._incoming.size < self._digest.size:
            self._cut("the answer is too short")
        return None

    def _cut(self, reason: str) -> None:
        self._cuts += 1
        if self._cuts > _CUTS:
            raise UnreachableError(f"{self._cuts} attempts for one object failed, the last: {reason}")
        self._stopped.wait(_PAUSE_SECONDS * self._cuts)

    def _check(self) -> None:
        if self._stopped.is_set():
            raise CancelledError(f"object {self._digest}: the transfer was stopped")
        if time.monotonic() > self._end:
            raise UnreachableError(f"less than {_SLOWEST >> 10} KiB/s arrived")


def _first(response: urllib3.BaseHTTPResponse, at: int) -> int:
    """Return the position of the first byte of an answer; some servers answer a range with the status of the whole."""
    found = _RANGE.match(response.headers.get("Content-Range", ""))
    if found:
        return int(found[1])
    return at if response.status == 206 else 0


def _brief(error: Exception) -> str:
    """Return the text of an error, which may contain a URL, without the signature."""
    return re.sub(r"\?\S*", "?...", str(error))[:300]
