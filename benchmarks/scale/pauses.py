"""Pauses: calls that take microseconds, while the same process compiles or loads a plan of thousands of stages."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

import pretzel
from benchmarks.scale.calls import OUTPUT, quantiles
from benchmarks.scale.page import Figures
from benchmarks.scale.pinging import pinging
from benchmarks.scale.processes import Up, up
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

PREDICT = "/pretzel.v1.PredictionService/Predict"
STEPS, ROWS, MODELS, LOADS = 1500, 300, 3, 12
BUDGET = 16 << 20
"""Bytes that hold two of these models, so that each call of the next one loads it."""


def measure(figures: Figures, directory: Path, options: argparse.Namespace) -> None:
    """Ping the control plane during a deployment, and call a small model while wide ones load."""
    with up(directory, BUDGET) as system, pretzel.ControlPlane(system.control) as plane:
        request, wide = _deploy_small(plane), [pretzel.export(_wide(i)) for i in range(MODELS)]
        with pinging(system.control) as seconds:
            plane.deploy("wide-0", wide[0])
        figures.add(f"health of the control plane while it deploys {STEPS:,} steps", quantiles(seconds))
        for i in range(1, MODELS):
            plane.deploy(f"wide-{i}", wide[i])
        with pinging(system.predictions, PREDICT, request) as seconds:
            _load(system)
        figures.add(f"calls of a small model while models of {STEPS:,} steps load", quantiles(seconds))


def _deploy_small(plane: pretzel.ControlPlane) -> bytes:
    """Deploy a linear model, and return a request for one row of it."""
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(100, 20))
    definition = pretzel.export(LogisticRegression().fit(rows, draw.integers(0, 2, 100)))
    plane.deploy("small", definition)
    (taken,) = definition.inputs
    columns = columns_to_proto({taken.column: rows[:1]})
    return pb.PredictRequest(model="small", columns=columns, outputs=[OUTPUT]).SerializeToString()


def _load(system: Up) -> None:
    """Call wide models in turn, so that each call loads one."""
    rows = _columns(0)[:1]
    with pretzel.Client(system.predictions) as client:
        for i in range(LOADS):
            client.predict(f"wide-{i % MODELS}", rows)


def _wide(seed: int) -> Any:
    """Return a fitted model with a step for each column."""
    draw = np.random.default_rng(seed)
    steps = [
        (
            name,
            OneHotEncoder(handle_unknown="ignore") if i % 2 else make_pipeline(MinMaxScaler(), StandardScaler()),
            [i],
        )
        for i, name in enumerate(map(str, range(STEPS)))
    ]
    model = make_pipeline(ColumnTransformer(steps), LogisticRegression(max_iter=5))
    return model.fit(_columns(seed), draw.integers(0, 2, ROWS))


def _columns(seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame({f"c{i}": draw.integers(0, 6, ROWS).astype(float) for i in range(STEPS)})
