"""Hosts of the store: which this worker may ask, and which it cannot reach at present."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
import urllib3

from pretzel.errors import PreconditionError

log = structlog.get_logger(__name__)

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 20.0
_AVOID_SECONDS = 60.0
"""Time until a host that could not be reached is tried again."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits that an operator sets."""

    direct: bool = True
    """Whether objects are fetched from the store itself."""
    hosts: Sequence[str] = ()
    """Hosts that may be asked, as ``s3.internal`` or ``*.example.com``; empty: those that the control plane names."""
    authorities: Path | None = None
    """Authorities of their certificates, PEM; by default those of the system."""

    def pool(self) -> urllib3.PoolManager:
        """Return a pool of connections, which verifies certificates and uses no proxy.

        Raises:
            PreconditionError: the authorities cannot be read.
        """
        try:
            context = ssl.create_default_context(cafile=self.authorities)
        except OSError as error:  # ssl.SSLError is one
            raise PreconditionError(
                f"direct_ca {self.authorities}: expected certificates, PEM ({error.strerror or error})"
            ) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        return urllib3.PoolManager(ssl_context=context, timeout=timeout, maxsize=8)


class Hosts:
    """Remembers which hosts cannot be reached, so that each is tried once a minute and reported once."""

    def __init__(self, rules: Rules) -> None:
        self._allowed = rules.hosts
        self._avoided: dict[str, float] = {}
        self._reported: set[str] = set()

    def take(self, url: str) -> str:
        """Return the host of a URL that may be asked now; empty if it may not.  Credentials in URLs are refused."""
        try:
            parts = urllib3.util.parse_url(url)
        except urllib3.exceptions.LocationParseError:
            return self._refused("?", "its URL is malformed")
        host = (parts.host or "").lower()
        if parts.scheme not in ("http", "https") or not host or parts.auth:
            return self._refused(host or "?", "its URL is not one of http or https, without a user")
        if self._allowed and not any(_matches(host, pattern.lower()) for pattern in self._allowed):
            return self._refused(host, "direct_hosts does not list it")
        return "" if self._avoided.get(host, 0.0) > time.monotonic() else host

    def failed(self, host: str, reason: str) -> None:
        """Avoid a host for a minute."""
        self._avoided[host] = time.monotonic() + _AVOID_SECONDS
        self._refused(host, reason)

    def answered(self, host: str) -> None:
        """Note that a host can be reached."""
        self._avoided.pop(host, None)
        if host in self._reported:
            self._reported.discard(host)
            log.info("objects are fetched from the store itself again", host=host)

    def _refused(self, host: str, reason: str) -> str:
        if host not in self._reported:
            self._reported.add(host)
            log.warning(
                "objects are fetched through the control plane: the store cannot be asked", host=host, reason=reason
            )
        return ""


def _matches(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
