"""The tables that several benchmarks read: from ``PRETZEL_DATA``, or from beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import make_regression

BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def path_of(name: str) -> Path:
    """Return where the file of that name would be."""
    return Path(os.environ.get("PRETZEL_DATA", BESIDE)) / name


def table(name: str) -> pd.DataFrame | None:
    """Return the table of that name where it is at hand."""
    path = path_of(name)
    return pd.read_csv(path) if path.exists() else None


def diamonds(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nine numbers a diamond and its price; as many made up where the table is not at hand."""
    frame = table("diamonds.csv")
    if frame is None:
        return make_regression(rows, 9, random_state=0)  # type: ignore[no-any-return]
    frame = frame.sample(rows, random_state=0)
    price = frame.pop("price").to_numpy(float)
    codes = {name: frame[name].astype("category").cat.codes for name in frame if frame[name].dtype.kind not in "iuf"}
    return np.ascontiguousarray(frame.assign(**codes).to_numpy(float)), price


def adult(rows: int) -> tuple[pd.DataFrame, pd.Series, list[str]] | None:
    """Return the Adult table, the target, and which columns are texts."""
    frame = table("adult.csv")
    if frame is None:
        return None
    frame = frame.sample(rows, random_state=0)
    income = frame.pop("income")
    return frame, income, [name for name in frame if frame[name].dtype.kind not in "iuf"]
