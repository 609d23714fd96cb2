"""The server of a client: its address, its TLS, the time it may take, and what keeps it from answering."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import grpc

from pretzel.client.diagnosis import diagnose
from pretzel.client.failures import UnreachedError, failure_of
from pretzel.errors import DeadlineError, PretzelError, UnavailableError
from pretzel.plan.texts import sendable
from pretzel.targets import File, Target, Tls

C = TypeVar("C")
DIAGNOSIS_SECONDS = 0.3
"""Longest time that the search for a cause adds to a failed call."""


class Deadline:
    """One limit for all calls of a client, in contrast to one for each call."""

    def __init__(self, seconds: float) -> None:
        """Start the time."""
        self.end = time.monotonic() + seconds


Limit = float | Deadline | None
"""Seconds of a call, or a deadline of several, or no limit."""


def end_of(limit: Limit) -> float | None:
    """Return the time by :func:`time.monotonic` at which a call ends."""
    if isinstance(limit, Deadline):
        return limit.end
    return None if limit is None else time.monotonic() + limit


def left(end: float | None, address: str) -> float | None:
    """Return the seconds until a time.

    Raises:
        DeadlineError: it has passed.
    """
    if end is None:
        return None
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise DeadlineError(f"{address}: the time is over; increase timeout=")
    return seconds


class Endpoint:
    """One server, or several behind one address."""

    def __init__(
        self,
        address: str,
        tls_ca: File | None = None,
        tls_cert: File | None = None,
        tls_key: File | None = None,
        credentials: grpc.ChannelCredentials | None = None,
    ) -> None:
        """Read the address and the files; nothing is sent.

        Raises:
            InputError: one cannot be read.
        """
        self.address, self._tls = sendable("address", address), Tls(tls_ca, tls_cert, tls_key)
        self.target = Target.of(address, secure=bool(self._tls) or credentials is not None)
        self._credentials = credentials or (self._tls.credentials() if self.target.secure else None)
        self._foreign = credentials is not None
        self.reached = False
        """True after an answer."""

    def open(self, plain: Callable[..., C], secure: Callable[..., C], options: Any) -> C:
        """Return a new channel."""
        if self.target.secure:
            return secure(self.target.address, self._credentials, options)
        return plain(self.target.address, options)

    def failure(self, error: grpc.RpcError | PretzelError) -> PretzelError:
        """Return the Pretzel error of a failed call, and note whether a server gave it."""
        failure = failure_of(error, self.address)
        self.reached |= failure is not error and not isinstance(failure, (UnreachedError, DeadlineError))
        return failure

    def cause(self, error: PretzelError) -> PretzelError | None:
        """Return an error that names the cause of another, if no server has answered yet and a cause is found.

        It connects to the server, which takes a fraction of a second.  Such an error need not be retried.
        """
        if self.reached or self._foreign or not isinstance(error, (UnreachedError, DeadlineError)):
            return None
        found = diagnose(self.target, self._tls, DIAGNOSIS_SECONDS)
        prose = f" (gRPC: {error.details})" if isinstance(error, UnreachedError) else ""
        return UnavailableError(f"{self.address}: {found}{prose}") if found else None
