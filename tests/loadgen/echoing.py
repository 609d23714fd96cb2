"""Runs over the echo service of the transport's tests, and the parts of a run."""

from __future__ import annotations

from collections.abc import Sequence

from pretzel.loadgen.calls import Request, Transport
from pretzel.loadgen.mix import Sizes
from pretzel.loadgen.running import ClosedRun, OpenRun
from pretzel.loadgen.schedule import Load, Requests
from pretzel.loadgen.server import Server
from pretzel.loadgen.tally import Tally
from pretzel.loadgen.transports.grpcio import GrpcioTransport
from pretzel.loadgen.transports.http2 import Http2Transport
from pretzel.targets import Tls
from tests.data_plane.transport.echo import path

TRANSPORTS = {"ngh2": Http2Transport, "grpcio": GrpcioTransport}


def transport_to(port: int, kind: str = "ngh2", timeout: float = 20, connections: int = 2) -> Transport:
    return TRANSPORTS[kind](Server(f"127.0.0.1:{port}", Tls(), timeout), connections)


def request(method: str, body: bytes = b"hello", rows: int = 1) -> Request:
    return Request("m", rows, path(method), body)


async def run(transport: Transport, requests: Sequence[Request], load: Load) -> Tally:
    """Run a load whose calls are drawn equally from some requests."""
    transport.prepare(requests)
    await transport.open()
    tally = Tally([request.rows for request in requests])
    drawn = Requests(len(requests), Sizes.parse("1"), 0.0)
    if load.callers:
        await ClosedRun(load, transport, tally, drawn.endless(load)).run()
    else:
        await OpenRun(load, transport, tally, drawn.open(load)).run()
    await transport.close()
    return tally
