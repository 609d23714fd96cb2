"""A small server of the Open Inference Protocol over HTTP/1.1."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

INPUTS = [
    {"name": "x", "datatype": "FP64", "shape": [-1, 3]},
    {"name": "note", "datatype": "BYTES", "shape": [-1, -1]},
]


class Rest:
    """Answers each path in its own manner."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.connections = 0
        self.release = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path, *_ = head.decode().split(" ")
                fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:-2])
                body = await reader.readexactly(int(fields.get("content-length", 0)))
                if not await self.answer(method, path, body, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, method: str, path: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Answer a request; False if the connection ends."""
        model = path.split("/")[3]
        if method == "GET":
            known = model != "unknown"
            text = json.dumps({"name": model, "inputs": INPUTS} if known else {"error": "unknown"}).encode()
            writer.write(b"HTTP/1.1 %d .\r\nContent-Length: %d\r\n\r\n%s" % (200 if known else 404, len(text), text))
            return True
        self.bodies.append(json.loads(body))
        if model == "slow":
            await self.release.wait()
        match model:
            case "chunks":
                writer.write(
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
                )
            case "close":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\nup to the end")
                return False
            case "full":
                writer.write(b"HTTP/1.1 503 Full\r\nContent-Length: 4\r\n\r\nfull")
            case "garbage":
                writer.write(b"220 mail.example.org ESMTP\r\n\r\n")
            case "cut":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                return False
            case _:
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        return True


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Rest, int]]:
    rest = Rest()
    server = await asyncio.start_server(rest.serve, "127.0.0.1", 0)
    try:
        yield rest, server.sockets[0].getsockname()[1]
    finally:
        rest.release.set()
        server.close()
