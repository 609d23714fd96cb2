"""Serve a folder of pickled estimators by FastAPI on uvicorn: ``python fastapi_server.py FOLDER``."""

from __future__ import annotations

import json
import socket
import sys

import uvicorn
from fastapi import FastAPI, Request
from folder import announce, estimators, labels

app = FastAPI()


@app.post("/predict")
async def predict(request: Request) -> list[object]:
    """Answer one row with its label."""
    call = json.loads(await request.body())
    return labels(app.state.models[call["model"]], [call["row"]])


if __name__ == "__main__":
    app.state.models = estimators(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", 0))
    announce(sys.argv[1], listener.getsockname()[1])
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # for a socket that is given, uvicorn does not
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
