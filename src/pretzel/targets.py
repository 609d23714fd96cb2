"""Addresses of servers as clients write them, the TLS of their connections, and the token of their calls."""

from __future__ import annotations

import ipaddress
import os
import re
import time
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
_GRPC_LISTS = ("ipv4:", "ipv6:")
"""Schemes of gRPC targets that are lists themselves."""
File = str | Path
TOKEN, TOKEN_FILE = "PRETZEL_TOKEN", "PRETZEL_TOKEN_FILE"
"""Variables with a client's token, and with the file that has it."""
RENEW_SECONDS = 1.0
"""Least time between two looks at the file of a token."""
_TOKEN = re.compile(r"[!-~]{1,8192}")


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

    @property
    def is_private(self) -> bool:
        """Return whether what is sent is secret on the network: encrypted by TLS, or only on this machine."""
        return self.secure or self.is_near

    @property
    def is_near(self) -> bool:
        """Return whether the address says that the server is on this machine: a Unix socket, or a loopback address."""
        return self.address.startswith(UNIX) or (self.server is not None and _is_near(self.server[0]))

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


def addresses_of(text: str) -> list[str]:
    """Return the addresses of a list with commas, such as ``a:8101,b:8101``; a gRPC target with commas is one address.

    Raises:
        InputError: one is empty.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 1 or text.startswith(_GRPC_LISTS) or not all(":" in part for part in parts if part):
        return [text]
    if not all(parts):
        raise InputError(f"address {text!r}: one of its addresses is empty; expected host:port,host:port")
    return parts


class Bearer:
    """The token of a client's calls, read again when its file changes.  No message shows it."""

    def __init__(self, token: str | None = None, file: File | None = None) -> None:
        """Take a token, or the file that has one.

        Raises:
            InputError: both are given, the file cannot be read, or it is not a token.
        """
        if token is not None and file is not None:
            raise InputError("token and token_file: give one of them")
        self._file = Path(file) if file is not None else None
        self._state: tuple[int, int, int] | None = None
        self._looked = time.monotonic()
        self._pairs = _pairs(token, "token") if token is not None else self._read()

    @classmethod
    def of(cls, token: str | None = None, file: File | None = None) -> Self | None:
        """Return the given token, or that of the environment; None if there is none.

        Raises:
            InputError: as the constructor.
        """
        if token is None and file is None:
            file = os.environ.get(TOKEN_FILE) or None
            token = os.environ.get(TOKEN) or None if file is None else None
        return None if token is None and file is None else cls(token, file)

    @property
    def token(self) -> str:
        """Return the token."""
        return self.metadata()[0][1].removeprefix("Bearer ")

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Return the metadata of a call: the newest token of the file, or the last one that could be read."""
        if self._file is not None and time.monotonic() - self._looked >= RENEW_SECONDS:
            self._looked = time.monotonic()
            try:
                if _state(self._file) != self._state:
                    self._pairs = self._read()
            except (OSError, InputError):  # it is being replaced
                pass
        return self._pairs

    def check(self, target: Target, insecure: bool = False) -> None:
        """Check that the token stays secret on its way; ``insecure`` allows plain text.

        Raises:
            InputError: others on the network could read it.
        """
        if not (insecure or target.is_private):
            raise InputError(
                f"{target.address}: a token over plain text can be read on the network; use https://, or allow it by "
                "insecure_token=True (--insecure-token) if the network is trusted"
            )

    def _read(self) -> tuple[tuple[str, str], ...]:
        assert self._file is not None
        try:
            self._state = _state(self._file)
            text = self._file.read_text()
        except (OSError, ValueError) as error:
            raise InputError(f"token_file: {self._file}: {getattr(error, 'strerror', 'not UTF-8')}") from None
        return _pairs(text.strip(), f"token_file {self._file}")


def _pairs(token: str, what: str) -> tuple[tuple[str, str], ...]:
    if not _TOKEN.fullmatch(token):
        raise InputError(f"{what}: expected a token, 1 to 8192 visible ASCII characters without spaces")
    return (("authorization", f"Bearer {token}"),)


def _state(file: Path) -> tuple[int, int, int]:
    state = os.stat(file)
    return state.st_mtime_ns, state.st_ino, state.st_size


def _is_near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
