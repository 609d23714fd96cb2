"""The public keys of an issuer of tokens, from a file or a URL, and their renewal."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import structlog

from pretzel.errors import PreconditionError, PretzelError, UnavailableError
from pretzel.serving.identity.file import Issuer

log = structlog.get_logger(__name__)

FETCH_SECONDS = 300.0
"""Time after which the keys behind a URL are fetched again."""
HURRY_SECONDS = 10.0
"""Least time between two fetches, if a token names a key that is not known."""
MOST_BYTES = 1 << 20
PIECE = 1 << 16
TIMEOUT = 5.0
"""Seconds that a fetch may take."""


class Keys:
    """The keys of one issuer by their identifier; thread-safe."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the keys of a file; those of a URL are fetched by :meth:`renew`.

        Raises:
            PreconditionError: the file has no keys, or PyJWT is not installed.
        """
        self._issuer, self._clock = issuer, clock
        self._lock = threading.Lock()
        self._wanted, self._fetched = True, -HURRY_SECONDS
        self._keys: dict[str, Any] = {}
        self._data: bytes | None = None
        self.problem = ""
        """The reason why the last fetch failed."""
        _library()
        if issuer.jwks_file is not None:
            self._read(issuer.jwks_file.read_bytes)

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

    def renew(self) -> bool:
        """Fetch the keys if that is due, and return whether they have changed.  It may take seconds.

        After a failure the last ones stay.
        """
        with self._lock:
            if not self.is_due:
                return False
            self._fetched, self._wanted = self._clock(), False
            try:
                changed = self._read(self._fetch)
            except PretzelError as error:
                self.problem = str(error)
                log.error("keys cannot be fetched, the last ones stay in use", error=self.problem)
                return False
            self.problem = ""
            return changed

    def _read(self, get: Callable[[], bytes]) -> bool:
        """Take the keys of a file or an answer; return whether it is another than the last."""
        place = self._issuer.jwks_file or self._issuer.jwks_url
        try:
            data = get()
            if data == self._data:
                return False
            self._keys, self._data = _parsed(data), data
            return True
        except OSError as error:
            raise PreconditionError(f"issuer {self._issuer.issuer!r}: {place}: {error.strerror or error}") from None
        except (ValueError, TypeError, RecursionError, HTTPException) as error:
            raise PreconditionError(f"issuer {self._issuer.issuer!r}: {place}: {error}") from None

    def _fetch(self) -> bytes:
        assert self._issuer.jwks_url is not None
        opener, data, begun = urllib.request.build_opener(_NoRedirect()), bytearray(), self._clock()
        with opener.open(self._issuer.jwks_url, timeout=TIMEOUT) as answer:
            # The timeout of a socket is of each read: an issuer that sends a byte now and then would hold the thread.
            while piece := answer.read1(PIECE):
                data += piece
                if len(data) > MOST_BYTES:
                    raise UnavailableError(f"{self._issuer.jwks_url}: more than {MOST_BYTES} bytes")
                if self._clock() - begun > TIMEOUT:
                    raise UnavailableError(f"{self._issuer.jwks_url}: the answer takes more than {TIMEOUT:.0f} seconds")
        return bytes(data)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """Follow no redirect; the answer then counts as an error."""


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
