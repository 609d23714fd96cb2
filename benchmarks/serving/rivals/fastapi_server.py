"""Serve a pickled estimator by FastAPI on uvicorn: ``python fastapi_server.py MODEL PORT``."""

from __future__ import annotations

import json
import sys

import joblib
import numpy as np
import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.post("/inference")
async def predict(request: Request) -> list[object]:
    """Answer one row with its label."""
    row = json.loads(await request.body())
    rows = [row] if isinstance(row, str) else np.asarray([row])
    labels: list[object] = app.state.model.predict(rows).tolist()
    return labels


if __name__ == "__main__":
    app.state.model = joblib.load(sys.argv[1])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
