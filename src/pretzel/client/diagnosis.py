"""Finds out why a server cannot be reached: TLS on one side only, a distrusted certificate, a missing one."""

from __future__ import annotations

import socket
import ssl
import threading

from pretzel.targets import Target, Tls

_HTTP2 = "h2"
_TLS_RECORDS = (b"\x15", b"\x16")
"""First byte of an alert and of a handshake."""
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNSUPPORTED_PROTOCOL", "RECORD_LAYER_FAILURE"})
_NO_CERTIFICATE = frozenset({"TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE"})


def diagnose(target: Target, tls: Tls, seconds: float) -> str:
    """Connect to a server that did not answer, and return the cause; empty if none is found within the seconds."""
    found: list[str] = []
    if target.server is not None:
        arguments = (target, target.server, tls, seconds, found)
        # On a thread, because the resolver of names knows no limit of time.
        thread = threading.Thread(target=_connect, args=arguments, name="diagnosis", daemon=True)
        thread.start()
        thread.join(seconds)
    return found[0] if found else ""


def _connect(target: Target, server: tuple[str, int], tls: Tls, seconds: float, found: list[str]) -> None:
    try:
        with socket.create_connection(server, seconds) as plain:
            plain.settimeout(seconds)
            found.append(_secure(plain, server[0], tls) if target.secure else _plain(plain, target))
    except OSError:
        pass


def _plain(connection: socket.socket, target: Target) -> str:
    """Greet a server by TLS; one that speaks plain text answers with something else, or closes."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([_HTTP2])
    try:
        context.wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:  # it waits for the answer
        connection.sendall(outgoing.read())
    if connection.recv(1) not in _TLS_RECORDS:
        return ""
    return f"the server speaks TLS; use https://{target.address}, or tls_ca= with the authority of its certificate"


def _secure(connection: socket.socket, host: str, tls: Tls) -> str:
    context = ssl.create_default_context(cafile=tls.ca)
    context.set_alpn_protocols([_HTTP2])
    if tls.cert is not None:
        try:
            context.load_cert_chain(tls.cert, tls.key)
        except ssl.SSLError as error:
            return f"tls_cert and tls_key are not a certificate and its key ({error.reason or error})"
    try:
        with context.wrap_socket(connection, server_hostname=host) as secure:
            # Since TLS 1.3, a server refuses a client after the handshake; others greet at once.
            return "" if secure.recv(1) else _closed(tls)
    except ssl.SSLCertVerificationError as error:
        return f"the server's certificate is not accepted: {error.verify_message}; tls_ca= names its authority"
    except (ssl.SSLEOFError, ConnectionResetError):
        return _closed(tls)
    except ssl.SSLError as error:
        return _refusal(error.reason or "", tls)


def _closed(tls: Tls) -> str:
    """Return the likely cause of a connection that the server closes without an alert, as gRPC does."""
    end = "the server closes the connection after the TLS handshake"
    if tls.cert is None:
        return f"{end}; if it requires a client certificate, give tls_cert= and tls_key="
    return f"{end}; it may not accept the certificate {tls.cert}"


def _refusal(reason: str, tls: Tls) -> str:
    if reason in _NOT_TLS:
        return "the server speaks plain text; use http://, without files for TLS"
    if reason in _NO_CERTIFICATE and tls.cert is None:
        return "the server requires a client certificate; give tls_cert= and tls_key="
    if "ALERT" in reason and tls.cert is not None:
        return f"the server refuses the certificate {tls.cert} ({reason})"
    return f"the TLS handshake fails ({reason})" if reason else ""
