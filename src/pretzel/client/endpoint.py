"""The server of a client: its address, its TLS, the time it may take, and what keeps it from answering."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc

from pretzel.client.diagnosis import diagnose
from pretzel.client.failures import MismatchError, UnreachedError, failure_of
from pretzel.client.request_ids import METADATA, Pairs, identify
from pretzel.errors import DeadlineError, PretzelError
from pretzel.plan.texts import sendable
from pretzel.targets import Bearer, File, Target, Tls, addresses_of

C = TypeVar("C")
DIAGNOSIS_SECONDS = 0.3
"""Longest time that the search for a cause adds to a failed call."""


class Budget:
    """The time for all calls of a client together; the time between the calls does not count."""

    def __init__(self, seconds: float) -> None:
        """Allow a number of seconds."""
        self.left = seconds


Limit = float | Budget | None
"""Seconds of each call, or of all calls together, or no limit."""


@contextmanager
def ending(budget: Budget) -> Iterator[float]:
    """Yield the time by :func:`time.monotonic` at which a call ends; the block is the call."""
    start = time.monotonic()
    try:
        yield start + budget.left
    finally:
        budget.left -= time.monotonic() - start


def left(end: float, address: str) -> float:
    """Return the seconds until a time.

    Raises:
        DeadlineError: it has passed.
    """
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise DeadlineError(f"{address}: the time is over; increase timeout=")
    return seconds


class Endpoint:
    """One server, or several: behind one address, or with an address each."""

    def __init__(
        self,
        address: str,
        tls_ca: File | None = None,
        tls_cert: File | None = None,
        tls_key: File | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        bearer: Bearer | None = None,
        insecure_token: bool = False,
    ) -> None:
        """Read the address and the files; nothing is sent.

        Raises:
            InputError: one cannot be read, or the token would travel as plain text.
        """
        self.address, self._tls = sendable("address", address), Tls(tls_ca, tls_cert, tls_key)
        secure = bool(self._tls) or credentials is not None
        self.targets = [Target.of(one, secure=secure) for one in addresses_of(address)]
        is_secure = any(target.secure for target in self.targets)
        self._credentials = credentials or (self._tls.credentials() if is_secure else None)
        self._foreign = credentials is not None
        self._bearer = bearer
        if bearer is not None:
            for target in self.targets:
                bearer.check(target, insecure_token)
        self.reached = False
        """True after an answer."""

    def open(self, plain: Callable[..., C], secure: Callable[..., C], options: Any, count: int) -> list[C]:
        """Return ``count`` new channels to each address, in turns."""
        return [
            secure(target.address, self._credentials, options) if target.secure else plain(target.address, options)
            for _ in range(count)
            for target in self.targets
        ]

    def metadata(self) -> Pairs | None:
        """Return the metadata of a call: its token, and the identifier that its caller gave."""
        own = METADATA.get()
        return own if self._bearer is None else (*(own or ()), *self._bearer.metadata())

    def failure(self, error: grpc.RpcError | PretzelError) -> PretzelError:
        """Return the Pretzel error of a failed call, and note whether a server gave it."""
        failure = failure_of(error, self.address)
        if failure is not error:
            identify(failure, error)
        self.reached |= failure is not error and not isinstance(failure, (UnreachedError, DeadlineError))
        return failure

    def cause(self, error: PretzelError) -> PretzelError | None:
        """Return an error that names the cause of another, if no server has answered yet and a cause is found.

        It connects to the server, which takes a fraction of a second.  Such an error need not be retried.
        """
        if self.reached or self._foreign or not isinstance(error, (UnreachedError, DeadlineError)):
            return None
        if len(self.targets) > 1:  # another of them may answer
            return None
        found = diagnose(self.targets[0], self._tls, DIAGNOSIS_SECONDS)
        prose = f" (gRPC: {error.details})" if isinstance(error, UnreachedError) else ""
        return MismatchError(f"{self.address}: {found}{prose}") if found else None
