"""Bounds the false tokens of issuers that a server verifies for one host: each takes up to a millisecond."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from urllib.parse import unquote

from pretzel.errors import ExhaustedError

BURST, PER_SECOND = 20, 5.0
"""False tokens of one host that are verified at once, and further ones per second."""
MOST_HOSTS = 4096
"""Hosts that are remembered; the one that was refused least recently is forgotten."""


class FalseTokens:
    """The false tokens that hosts have shown."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}

    def check(self, peer: str) -> None:
        """Check that a token of a peer may be verified; ``peer`` is its address, as gRPC writes it.

        Raises:
            ExhaustedError: its host has shown too many false ones.
        """
        level = self._level(host_of(peer))
        if level > BURST - 1:
            error = ExhaustedError(
                "too many false tokens from this host: unknown tokens are verified again in a moment; retry then, and "
                "see who sends them"
            )
            error.retry_after = (level - BURST + 1) / PER_SECOND
            raise error

    def note(self, peer: str) -> None:
        """Note that a peer has shown a false token."""
        host = host_of(peer)
        level = self._level(host) + 1
        self._levels.pop(host, None)
        if len(self._levels) >= MOST_HOSTS:
            del self._levels[next(iter(self._levels))]
        self._levels[host] = level, self._clock()

    def _level(self, host: str) -> float:
        level, at = self._levels.get(host, (0.0, 0.0))
        return max(level - (self._clock() - at) * PER_SECOND, 0.0)


def host_of(peer: str) -> str:
    """Return the host of a peer's address: of IPv6 the network of 64 bits, all of which one host may have."""
    host = unquote(peer.rpartition(":")[0].partition(":")[2]).strip("[]")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
