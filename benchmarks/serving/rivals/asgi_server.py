"""Answer every request with the same bytes by uvicorn: ``python asgi_server.py httptools|h11 bare|starlette PORT``."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ANSWER = b'{"status":"ok"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def bare(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer without a framework."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


async def routed(request: Request) -> Response:
    """Answer by a route."""
    await request.body()
    return Response(ANSWER, media_type="application/json")


if __name__ == "__main__":
    parser, kind, port = sys.argv[1:]
    app: Any = bare if kind == "bare" else Starlette(routes=[Route("/inference", routed, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=int(port), http=parser, loop="uvloop", lifespan="off", log_level="error",
                access_log=False)  # fmt: skip
