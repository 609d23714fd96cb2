"""TLS of servers: certificates from files, mutual TLS, and new certificates without a restart."""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import structlog

from pretzel.errors import PreconditionError

log = structlog.get_logger(__name__)

HTTP2, HTTP1 = "h2", "http/1.1"
CHECK_SECONDS = 1.0
"""Least time between two looks at the files."""
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Suites of TLS 1.2 that HTTP/2 permits (RFC 9113, 9.2.2); those of TLS 1.3 are not affected."""
Signature = tuple[tuple[int, int, int], ...]
"""Identity of the content of the files: modification time, inode and size of each."""


@dataclass(frozen=True)
class TlsFiles:
    """The files of a server's TLS, all PEM."""

    cert: Path
    """The certificate, followed by its chain."""
    key: Path
    """Its private key, not encrypted."""
    client_ca: Path | None = None
    """Authorities of client certificates; if given, every client needs a certificate."""

    @classmethod
    def of(cls, cert: Path | None, key: Path | None, client_ca: Path | None = None) -> TlsFiles | None:
        """Return the files that settings name; None without a certificate."""
        return cls(Path(cert), Path(key), Path(client_ca) if client_ca else None) if cert and key else None

    @property
    def paths(self) -> dict[str, Path]:
        """Return the files by the name of their setting."""
        paths = {"tls_cert": self.cert, "tls_key": self.key}
        return paths | {"tls_client_ca": self.client_ca} if self.client_ca else paths

    def signature(self) -> Signature:
        """Return the identity of the present content.

        Raises:
            OSError: a file is missing.
        """
        states = map(os.stat, self.paths.values())
        return tuple((state.st_mtime_ns, state.st_ino, state.st_size) for state in states)


class Loaded(NamedTuple):
    """Certificates in the form that each kind of server needs."""

    signature: Signature
    context: ssl.SSLContext
    grpc: Any
    """A ``grpc.ServerCertificateConfiguration``."""


class ServerTls:
    """TLS of one server; thread-safe.

    A handshake looks at the files, at most once a second, and uses their new content from then on.  Files that cannot
    be loaded, such as a certificate whose key is not yet written, are logged; the previous ones stay in use.
    Connections that are open are not affected.
    """

    def __init__(
        self, files: TlsFiles, protocols: Sequence[str] = (HTTP2,), clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Load the files.

        Args:
            files: the certificate, its key, and the authorities of clients.
            protocols: protocols offered by ALPN, the preferred one first.
            clock: returns seconds.

        Raises:
            PreconditionError: a file is missing or invalid, or the key is not that of the certificate.
        """
        self._files, self._protocols, self._clock = files, list(protocols), clock
        self._lock = threading.Lock()
        self._looked, self._refused = clock(), ""
        self._loaded = self._load()
        # Listeners keep the context that they were given, so this one stays, and hands each connection to the newest.
        self.context = self._loaded.context
        """The context of a listener, for :mod:`asyncio` or :mod:`ssl`."""
        self.context.sni_callback = self._choose
        self._credentials: grpc.ServerCredentials | None = None

    @property
    def mutual(self) -> bool:
        """Return whether clients need a certificate."""
        return self._files.client_ca is not None

    @property
    def grpc_credentials(self) -> grpc.ServerCredentials:
        """Return the credentials of a port of grpcio."""
        if self._credentials is None:  # kept: gRPC holds no reference to the function that it calls
            self._credentials = grpc.dynamic_ssl_server_credentials(
                self._loaded.grpc, self._newest_for_grpc, require_client_authentication=self.mutual
            )
        return self._credentials

    def _choose(self, connection: Any, name: str | None, context: ssl.SSLContext) -> None:
        """Give a new connection the newest certificates; called in each handshake, also without a server name."""
        newest = self._newest().context
        if newest is not self.context:
            connection.context = newest

    def _newest_for_grpc(self) -> Any:
        return self._newest().grpc

    def _newest(self) -> Loaded:
        """Return the certificates for a handshake, reloaded if the files have changed.  It never raises."""
        with self._lock:
            if self._clock() - self._looked >= CHECK_SECONDS:
                self._looked = self._clock()
                self._reload()
            return self._loaded

    def _reload(self) -> None:
        try:
            if self._files.signature() == self._loaded.signature:
                return
            self._loaded = self._load()
        except (PreconditionError, OSError) as error:
            if str(error) != self._refused:  # else a log line a second
                log.error("new certificates cannot be loaded, the previous ones stay in use", error=str(error))
            self._refused = str(error)
        else:
            self._refused = ""
            log.info("new certificates are in use", cert=str(self._files.cert))

    def _load(self) -> Loaded:
        """Load the files, which must not change meanwhile: gRPC gets their bytes, and checks nothing."""
        files = self._files
        try:
            signature = files.signature()
            context = _context(files, self._protocols)
            pair = (files.key.read_bytes(), files.cert.read_bytes())
            authorities = files.client_ca.read_bytes() if files.client_ca else None
            unchanged = files.signature() == signature
        except OSError as error:
            raise PreconditionError(_unreadable(files, error)) from None
        if not unchanged:
            raise PreconditionError(f"{files.cert} or its key is being written; start again when both are in place")
        return Loaded(signature, context, grpc.ssl_server_certificate_configuration([pair], authorities))


def server_tls(files: TlsFiles | None, protocols: Sequence[str] = (HTTP2,)) -> ServerTls | None:
    """Return the TLS of a server; None without files, for plain text.

    Raises:
        PreconditionError: as :class:`ServerTls`.
    """
    return ServerTls(files, protocols) if files else None


def _context(files: TlsFiles, protocols: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(protocols)
    _load_pair(context, files)
    if files.client_ca:
        _load_authorities(context, files.client_ca)
    return context


def _load_pair(context: ssl.SSLContext, files: TlsFiles) -> None:
    encrypted = False

    def no_password() -> str:  # without it, OpenSSL asks on the terminal
        nonlocal encrypted
        encrypted = True
        return ""

    try:
        context.load_cert_chain(files.cert, files.key, no_password)
    except ssl.SSLError as error:
        if encrypted:
            raise PreconditionError(f"tls_key: {files.key} is encrypted; store it without a password") from None
        if error.reason == "KEY_VALUES_MISMATCH":
            raise PreconditionError(f"tls_key: {files.key} is not the key of the certificate {files.cert}") from None
        raise PreconditionError(f"tls_cert, tls_key: {files.cert} or {files.key} is not valid PEM ({error})") from None


def _load_authorities(context: ssl.SSLContext, authorities: Path) -> None:
    context.verify_mode = ssl.CERT_REQUIRED
    # A resumed session would skip the check of the client's certificate, which may be revoked by a new authority.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
    try:
        context.load_verify_locations(authorities)
    except ssl.SSLError as error:
        raise PreconditionError(f"tls_client_ca: {authorities} has no certificate in PEM ({error})") from None


def _unreadable(files: TlsFiles, error: OSError) -> str:
    """Return the message of a file that cannot be read, with the name of its setting."""
    for name, path in files.paths.items():
        try:
            path.open("rb").close()
        except OSError as cause:
            return f"{name}: {path}: {cause.strerror}"
    return str(error)
