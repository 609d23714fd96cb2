"""Generate load with `h2load` of nghttp2, and time single calls of a grpcio client."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import grpc

CONNECTIONS, STREAMS = 4, 8
SECONDS = 1.0
_GRPC = ("-H", "content-type: application/grpc", "-H", "te: trailers")
_RATE = re.compile(r"finished in .*?, ([\d.]+) req/s")
_COUNTS = re.compile(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed")


def is_installed() -> bool:
    """Return whether the load generator is installed."""
    return shutil.which("h2load") is not None


def framed(message: bytes) -> bytes:
    """Return a message as gRPC sends it."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def grpc_rate(
    target: str, method: str, message: bytes, ca: Path | None = None, *fields: str, least: int = 4000
) -> float:
    """Return the calls per second of a gRPC method with these header fields; over TLS if ``ca`` is the certificate."""
    with channel_to(target, ca) as channel:  # h2load does not see gRPC's status
        channel.unary_unary(method)(message, timeout=60, wait_for_ready=True, metadata=_metadata(fields))
    url = f"{'https' if ca else 'http'}://{target}{method}"
    return _rate(url, framed(message), *_GRPC, *_headers(fields), least=least)


def refused_rate(target: str, method: str, message: bytes, *fields: str) -> float:
    """Return the refusals per second of a gRPC method."""
    return _rate(f"http://{target}{method}", framed(message), *_GRPC, *_headers(fields))


def exactly(calls: int, target: str, method: str, message: bytes, *fields: str) -> float:
    """Return the calls per second of so many calls of a gRPC method, without others before them."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(framed(message))
        command = ["h2load", "-c", str(CONNECTIONS), "-m", str(STREAMS), "-d", file.name, *_GRPC, *_headers(fields)]
        return _run([*command, f"http://{target}{method}", "-n", str(calls)])


def _metadata(fields: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (field.partition(": ") for field in fields)]


def _headers(fields: Iterable[str]) -> list[str]:
    return [part for field in fields for part in ("-H", field)]


def streamed_rate(target: str, method: str, messages: list[bytes], *fields: str) -> float:
    """Return the messages per second of streams that send all of these messages."""
    with channel_to(target) as channel:
        answers = sum(1 for _ in channel.stream_stream(method)(iter(messages), timeout=60, metadata=_metadata(fields)))
    if answers != len(messages):
        raise RuntimeError(f"{answers} answers to {len(messages)} messages")
    body = b"".join(map(framed, messages))
    return len(messages) * _rate(f"http://{target}{method}", body, *_GRPC, *_headers(fields), streams=1, least=40)


def channel_to(target: str, ca: Path | None = None) -> grpc.Channel:
    """Return a channel without limits of messages, over TLS if ``ca`` is the server's certificate."""
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    if ca is None:
        return grpc.insecure_channel(target, options)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(ca.read_bytes()), options)


def http_rate(url: str, body: bytes, *fields: str, json_body: bool = False, requests: int = 0) -> float:
    """Return the requests per second of an HTTP/1.1 server, over as many connections as the others have streams.

    With ``requests``, exactly so many are sent.
    """
    kind = (*(("-H", "content-type: application/json") if json_body else ()), *_headers(fields))
    if not requests:
        return _rate(url, body, "--h1", *kind, connections=CONNECTIONS * STREAMS, streams=1)
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(body)
        command = ["h2load", "--h1", "-c", str(CONNECTIONS * STREAMS), "-m", "1", "-d", file.name, *kind, url]
        return _run([*command, "-n", str(requests)])


def _rate(
    url: str, body: bytes, *options: str, connections: int = CONNECTIONS, streams: int = STREAMS, least: int = 4000
) -> float:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(body)
        command = ["h2load", "-c", str(connections), "-m", str(streams), "-d", file.name, *options, url]
        _run([*command, "-n", str(least)])
        rate = _run([*command, "-n", str(least)])
        return _run([*command, "-n", str(max(least, int(rate * SECONDS)))])


def _run(command: list[str]) -> float:
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    rate, counts = _RATE.search(printed), _COUNTS.search(printed)
    if rate is None or counts is None or counts[1] != counts[2]:
        raise RuntimeError(f"h2load lost calls or printed something new:\n{printed}")
    return float(rate[1])


def latency(target: str, method: str, message: bytes, calls: int = 2000) -> float:
    """Return the median seconds of one call of a synchronous grpcio client, one in flight."""
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_unary(method)
        for _ in range(200):
            call(message)
        return statistics.median(_timed(call, message) for _ in range(calls))


def _timed(call: grpc.UnaryUnaryMultiCallable, message: bytes) -> float:
    start = time.perf_counter()
    call(message)
    return time.perf_counter() - start
