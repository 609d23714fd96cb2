"""Tables shared by several benchmarks, from ``PRETZEL_DATA`` or from next to the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import make_regression

DEFAULT = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def path_of(name: str) -> Path:
    """Return the path of the file of that name, which may not exist."""
    return Path(os.environ.get("PRETZEL_DATA", DEFAULT)) / name


def table(name: str) -> pd.DataFrame | None:
    """Return the table of that name, or None if it is not available."""
    path = path_of(name)
    return pd.read_csv(path) if path.exists() else None


def diamonds(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nine numbers per diamond and its price; random ones if the table is not available."""
    frame = table("diamonds.csv")
    if frame is None:
        return make_regression(rows, 9, random_state=0)  # type: ignore[no-any-return]
    frame = frame.sample(rows, random_state=0)
    price = frame.pop("price").to_numpy(float)
    codes = {name: frame[name].astype("category").cat.codes for name in frame if frame[name].dtype.kind not in "iuf"}
    return np.ascontiguousarray(frame.assign(**codes).to_numpy(float)), price


def adult(rows: int) -> tuple[pd.DataFrame, pd.Series, list[str]] | None:
    """Return the Adult table, the target, and the names of its text columns."""
    frame = table("adult.csv")
    if frame is None:
        return None
    frame = frame.sample(rows, random_state=0)
    income = frame.pop("income")
    return frame, income, [name for name in frame if frame[name].dtype.kind not in "iuf"]
