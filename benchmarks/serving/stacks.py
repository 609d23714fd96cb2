"""HTTP/1.1 alone: a body in, the same bytes out, by ASGI servers and by the front of a worker.

`python -m benchmarks.serving.stacks` prints the processor time of the server per request, which other programs on the
machine change little, and requests per second, over 32 connections of `h2load --h1`.
`PRETZEL_RIVALS` is the interpreter with uvicorn and Starlette.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.serving import load, servers

ROUNDS, REQUESTS = 3, 10_000
BODY = b'{"inputs":[{"name":"X","shape":[1,13],"datatype":"FP64","data":[1,2,3,4,5,6,7,8,9,10,11,12,13]}]}'
STACKS = (("httptools", "bare"), ("httptools", "starlette"), ("h11", "bare"))


def main() -> None:
    """Measure all stacks in turn, in several rounds."""
    with ExitStack() as running:
        stacks = {"our front (httptools)": running.enter_context(servers.own_http())}
        for parser, kind in STACKS:
            stacks[f"uvicorn, {parser}, {kind}"] = running.enter_context(servers.asgi(parser, kind, BODY))
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in stacks}
        for _ in range(ROUNDS):
            for name, (url, process) in stacks.items():
                found[name].append(measured(url, process))
        for name, pairs in found.items():
            seconds, rate = (statistics.median(side) for side in zip(*pairs, strict=True))
            print(f"{name:<32} {seconds * 1e6:>6.0f} us {rate:>9,.0f}/s")


def measured(url: str, process: int) -> tuple[float, float]:
    """Return the processor seconds per request, and the requests per second."""
    before = _spent(process)
    rate = load.http_rate(url, BODY, json_body=True, requests=REQUESTS)
    return (_spent(process) - before) / REQUESTS, rate


def _spent(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def serve() -> None:
    """Serve the same bytes by the front of a worker, and print the port."""
    from pretzel.data_plane.rest.http.front import HttpFront
    from pretzel.data_plane.rest.http.limits import Limits
    from pretzel.data_plane.rest.http.messages import Request, Response

    class Same:
        draining = False

        def answer(self, request: Request) -> Response:
            return Response(200, b'{"status":"ok"}')

        def count(self, status: int) -> None:
            pass

    listener = socket.create_server(("127.0.0.1", 0))
    await HttpFront(Same(), Limits()).listen(listener)
    print(f'{{"port": {listener.getsockname()[1]}}}', flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        import uvloop

        uvloop.run(serve())
    else:
        main()
