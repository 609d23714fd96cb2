"""The server under load: its address, its TLS, the token of its calls, and connections to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pretzel.errors import InputError, UnavailableError
from pretzel.targets import UNIX, Bearer, Target, Tls


@dataclass(frozen=True, slots=True)
class Server:
    """An address as users write it, and the files of TLS."""

    address: str
    tls: Tls
    timeout: float
    """Seconds that a connection may take, and a call from the moment at which it is due."""
    bearer: Bearer | None = None
    """The token of the calls."""
    insecure_token: bool = False
    """Allow the token over plain text to another machine."""

    def __post_init__(self) -> None:
        """Check that the token stays secret.

        Raises:
            InputError: it would travel as plain text.
        """
        if self.bearer is not None:
            self.bearer.check(self.target, self.insecure_token)

    @property
    def authorization(self) -> Sequence[tuple[str, str]]:
        """The field with the token; none without one."""
        return self.bearer.metadata() if self.bearer is not None else ()

    @property
    def target(self) -> Target:
        """The address as it was understood."""
        return Target.of(self.address, secure=bool(self.tls))

    @property
    def is_direct(self) -> bool:
        """True for the address of one host or one socket; gRPC resolves others."""
        return self.target.server is not None or self.target.address.startswith(UNIX)

    @property
    def authority(self) -> str:
        """The name of the server in requests."""
        return "localhost" if self.target.address.startswith(UNIX) else self.target.address

    @property
    def url(self) -> str:
        """The address as the start of a URL."""
        if self.target.server is None:
            raise InputError(f"address {self.address!r}: HTTP/1.1 needs host:port")
        return f"{'https' if self.target.secure else 'http'}://{self.target.address}"

    def context(self, *protocols: str) -> ssl.SSLContext | None:
        """Return the TLS of a connection, None for plain text.

        Raises:
            InputError: a file cannot be read.
        """
        if not self.target.secure:
            return None
        try:
            context = ssl.create_default_context(cafile=self.tls.ca)
            if self.tls.cert is not None:
                context.load_cert_chain(self.tls.cert, self.tls.key)
        except (OSError, ssl.SSLError) as error:
            raise InputError(f"TLS: {error}; check the files of --tls-ca, --tls-cert and --tls-key") from None
        context.set_alpn_protocols(list(protocols))
        return context

    async def connect(self, protocol: Callable[[], Any], context: ssl.SSLContext | None) -> Any:
        """Open a connection, and return its protocol.

        Raises:
            UnavailableError: the server does not accept it.
        """
        loop, target = asyncio.get_running_loop(), self.target
        try:
            async with asyncio.timeout(self.timeout):
                if target.address.startswith(UNIX):
                    return (await loop.create_unix_connection(protocol, target.address.removeprefix(UNIX)))[1]
                assert target.server
                return (await loop.create_connection(protocol, *target.server, ssl=context))[1]
        except (OSError, ssl.SSLError) as error:  # also the TimeoutError
            reason = getattr(error, "strerror", None) or str(error) or f"no answer in {self.timeout:g} s"
            raise UnavailableError(f"{self.address}: cannot connect: {reason}") from None
