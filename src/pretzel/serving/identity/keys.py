"""The public keys of an issuer of tokens, from a file or a URL, and their renewal."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import structlog

from pretzel.errors import PreconditionError, PretzelError
from pretzel.serving.identity.fetching import TIMEOUT, TOO_SLOW, Fetch, context_of, on_own_thread
from pretzel.serving.identity.file import Issuer

log = structlog.get_logger(__name__)

FETCH_SECONDS = 300.0
"""Time after which the keys behind a URL are fetched again."""
HURRY_SECONDS = 10.0
"""Least time between two fetches, if a token names a key that is not known."""


@dataclass(slots=True)
class _Attempt:
    """One attempt to fetch keys."""

    over: bool = False
    """It has ended, or was given up."""
    changed: bool = False
    """It found other keys than the last."""


class Keys:
    """The keys of one issuer by their identifier; thread-safe."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the keys of a file; those of a URL are fetched by :meth:`renew`.

        Raises:
            PreconditionError: the file has no keys, that of authorities has none, or PyJWT is not installed.
        """
        self._issuer, self._clock = issuer, clock
        self._lock = threading.Lock()
        self._wanted, self._fetched = True, -HURRY_SECONDS
        self._running: Fetch | None = None
        self._busy = False
        self._keys: dict[str, Any] = {}
        self._data: bytes | None = None
        self.problem = ""
        """The reason why the last fetch failed."""
        _library()
        if issuer.jwks_file is not None:
            self._read(issuer.jwks_file.read_bytes, _Attempt())
        if issuer.jwks_ca is not None:
            context_of(issuer.jwks_ca)

    def find(self, kid: str | None) -> Any | None:
        """Return the key with an identifier, or the only one if a token names none; None if it is not known."""
        keys = self._keys
        if kid is None:
            return next(iter(keys.values())) if len(keys) == 1 else None
        found = keys.get(kid)
        self._wanted = self._wanted or found is None
        return found

    @property
    def is_due(self) -> bool:
        """Return whether the keys should be fetched now."""
        age = self._clock() - self._fetched
        return self._issuer.jwks_url is not None and (age >= FETCH_SECONDS or (self._wanted and age >= HURRY_SECONDS))

    async def renewed(self) -> bool:
        """Fetch the keys if that is due, and return whether they have changed.  It takes ``TIMEOUT`` seconds at most.

        After a failure the last ones stay.  A fetch that is too slow is left behind; what it finds later is dropped.
        """
        if not self.is_due:
            return False
        attempt = self._begin()
        if self._busy:  # a look-up of a host takes as long as it takes
            return self._failed(attempt, "the fetch before has not ended; does the host's name resolve?")
        self._busy = True
        try:
            async with asyncio.timeout(TIMEOUT):
                return await on_own_thread(lambda: self._work(attempt), "identity-keys")
        except TimeoutError:
            return self._failed(attempt, TOO_SLOW)

    def renew(self) -> bool:
        """Fetch the keys if that is due, as :meth:`renewed` does, without another thread and its bound."""
        return self._fetch_for(self._begin()) if self.is_due else False

    def _begin(self) -> _Attempt:
        self._fetched, self._wanted = self._clock(), False
        return _Attempt()

    def _work(self, attempt: _Attempt) -> bool:
        try:
            return self._fetch_for(attempt)
        finally:
            self._busy = False

    def _fetch_for(self, attempt: _Attempt) -> bool:
        try:
            return self._read(self._fetch, attempt)
        except PretzelError as error:
            return self._failed(attempt, str(error))

    def _failed(self, attempt: _Attempt, problem: str) -> bool:
        """End an attempt without keys; return whether it has found other keys a moment before."""
        with self._lock:
            if attempt.over:
                return attempt.changed
            attempt.over = True
        place = f"issuer {self._issuer.issuer!r}: {self._issuer.jwks_url}: "
        self.problem = problem if problem.startswith("issuer ") else place + problem
        log.error("keys cannot be fetched, the last ones stay in use", error=self.problem)
        if self._running is not None:
            self._running.abort()
        return False

    def _read(self, get: Callable[[], bytes], attempt: _Attempt) -> bool:
        """Take the keys of a file or an answer; return whether it is another than the last."""
        place = self._issuer.jwks_file or self._issuer.jwks_url
        try:
            data = get()
            keys = self._keys if data == self._data else _parsed(data)
        except OSError as error:
            raise PreconditionError(f"issuer {self._issuer.issuer!r}: {place}: {error.strerror or error}") from None
        except (ValueError, TypeError, RecursionError, HTTPException) as error:
            raise PreconditionError(f"issuer {self._issuer.issuer!r}: {place}: {error}") from None
        with self._lock:
            if attempt.over:
                return False
            attempt.over, attempt.changed = True, keys is not self._keys
            self._keys, self._data, self.problem = keys, data, ""
        return attempt.changed

    def _fetch(self) -> bytes:
        assert self._issuer.jwks_url is not None
        self._running = Fetch(self._issuer.jwks_url, self._issuer.jwks_ca, self._clock)
        return self._running.run()


def _parsed(data: bytes) -> dict[str, Any]:
    """Return the public keys of a set; those of other kinds are left out.

    Raises:
        ValueError: it is not a set of keys, or has none of a known kind.
    """
    jwt = _library()
    content = json.loads(data)
    if not isinstance(content, dict) or not isinstance(content.get("keys"), list):
        raise ValueError('expected a set of keys: {"keys": [...]}')
    found: dict[str, Any] = {}
    for number, item in enumerate(content["keys"]):
        if isinstance(item, dict) and item.get("kty") in ("RSA", "EC", "OKP") and item.get("use", "sig") == "sig":
            try:
                found[str(item.get("kid", f"#{number}"))] = jwt.PyJWK(item)
            except jwt.PyJWTError:
                continue
    if not found:
        raise ValueError("no public key of RSA, EC or Ed25519 for signatures")
    return found


def _library() -> Any:
    try:
        import jwt
    except ModuleNotFoundError:
        raise PreconditionError("tokens of an issuer need PyJWT; pip install 'pretzel[oidc]'") from None
    return jwt
