"""Addresses of servers as clients write them, and the TLS of their connections."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import SplitResult, urlsplit

from pretzel.errors import InputError

if TYPE_CHECKING:
    import grpc

SECURE = {"https": 443, "grpcs": 443}
PLAIN = {"http": 80, "grpc": 80}
UNIX = "unix:"
File = str | Path


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of a client's TLS, all PEM."""

    ca: File | None = None
    """Authorities of the server's certificate; None: those that gRPC trusts."""
    cert: File | None = None
    """The client's certificate, followed by its chain; for servers that require one."""
    key: File | None = None
    """Its private key."""

    def __post_init__(self) -> None:
        """Require a certificate and its key together.

        Raises:
            InputError: one is missing.
        """
        if (self.cert is None) != (self.key is None):
            raise InputError("tls_cert and tls_key go together; give both or none")

    def __bool__(self) -> bool:
        """Return whether any file is given."""
        return self.ca is not None or self.cert is not None

    def credentials(self) -> grpc.ChannelCredentials:
        """Return the credentials of a gRPC channel.

        Raises:
            InputError: a file cannot be read.
        """
        import grpc

        ca, key, cert = _read("tls_ca", self.ca), _read("tls_key", self.key), _read("tls_cert", self.cert)
        return grpc.ssl_channel_credentials(ca, key, cert)


@dataclass(frozen=True, slots=True)
class Target:
    """A server, or several behind one name."""

    address: str
    """The address as gRPC takes it."""
    secure: bool
    """True for TLS."""
    server: tuple[str, int] | None = None
    """Host and port, if the address is that of one host."""

    @classmethod
    def of(cls, text: str, *, secure: bool = False) -> Self:
        """Read an address.

        Args:
            text: ``host:port``, ``https://host:port``, ``http://host:port``, ``unix:/path``, or a gRPC target such as
                ``dns:///host:port``.
            secure: TLS for an address that does not say whether to use it; never used by Unix sockets.

        Raises:
            InputError: it cannot be read, or says plain text although ``secure`` is given.
        """
        if text.startswith(UNIX):
            return cls(_unix(text), False)
        scheme, _, rest = text.partition("://")
        if rest and scheme.lower() in SECURE | PLAIN:
            return cls._of_url(text, secure)
        return cls(text, secure, _host_and_port(text))

    @classmethod
    def _of_url(cls, text: str, secure: bool) -> Self:
        url = urlsplit(text)
        if url.path not in ("", "/") or url.query or url.fragment or "@" in url.netloc:
            raise InputError(f"address {text!r}: expected {url.scheme}://host:port and nothing else")
        if url.scheme in PLAIN and secure:
            raise InputError(f"address {text!r} is plain text, but files for TLS are given; write https://")
        host, port = _of_authority(text, url)
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return cls(address, url.scheme in SECURE, (host, port))


def _of_authority(text: str, url: SplitResult) -> tuple[str, int]:
    try:
        port = url.port
    except ValueError:
        raise InputError(f"address {text!r}: the port is not a number below 65536") from None
    if not url.hostname:
        raise InputError(f"address {text!r} has no host")
    return url.hostname, port if port is not None else (SECURE | PLAIN)[url.scheme]


def _unix(text: str) -> str:
    """Return the address of a Unix socket; gRPC takes two slashes only before an absolute path."""
    path = text.removeprefix(UNIX)
    if not path or (path.startswith("//") and not path.startswith("///")):
        raise InputError(f"address {text!r}: expected unix:/path or unix:///path")
    return UNIX + (path[2:] if path.startswith("///") else path)


def _host_and_port(text: str) -> tuple[str, int] | None:
    host, _, port = text.removeprefix("dns:///").rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not bare or "/" in bare or "," in bare or (":" in bare and bare == host) or not port.isdecimal():
        return None
    return bare, int(port)


def _read(name: str, path: File | None) -> bytes | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{name}: {path}: {error.strerror}") from None
