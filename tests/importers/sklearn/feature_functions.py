"""Feature functions as users write them, over arrays and over tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

GRADES = {1: 10.0, 2: 7.5, 3: 5.0}
LIMIT = 50.0


def scaled(column: Any, by: float) -> Any:
    return column / by


def ratios(X: Any, eps: float = 1.0) -> Any:
    return np.column_stack([X[:, 0] / (np.abs(X[:, 1]) + eps), X[:, 2] / X[:, 0]])


def flags(X: Any) -> Any:
    return np.c_[X, (X[:, 0] > 1) & ~(X[:, 1] <= 0), (X[:, 2] == 0) | np.isnan(X[:, 2])]


def chain(X: Any) -> Any:
    x = X[:, 0]
    return np.where(x < 0, -1.0, np.where(x < 2, 0.5, np.log1p(np.abs(x)))).reshape(-1, 1)


def selected(X: Any) -> Any:
    x = X[:, 1]
    return np.select([x < -1, x < 1, x >= 1], [0, 1, 2], default=-1)[:, None]


def buckets(X: Any) -> Any:
    return np.stack([np.digitize(X[:, 0], [-2.0, 0.0, 3.0]), np.searchsorted([0.0, 1.0, 5.0], X[:, 1])], axis=1)


def replaced_in_place(X: Any) -> Any:
    X = np.array(X, dtype=float)
    X[X < 0] = 0.0
    X[:, 1] = np.sqrt(X[:, 1])
    return X


def row_totals(X: Any) -> Any:
    return np.hstack([X.sum(axis=1, keepdims=True), X.max(axis=1).reshape(-1, 1), np.mean(X, axis=1)[:, np.newaxis]])


def padded(X: Any) -> Any:
    return np.concatenate([np.ones((X.shape[0], 1)), X[:, 1:3]], axis=1)


def counted(X: Any) -> Any:
    return np.column_stack([np.isnan(X).sum(axis=1), (X > 0).any(axis=1), np.nansum(X, axis=1)])


OF_ARRAYS: dict[str, Any] = {
    "ratios": ratios,
    "flags": flags,
    "a chain of choices": chain,
    "selected": selected,
    "buckets": buckets,
    "replaced in place": replaced_in_place,
    "row totals": row_totals,
    "padded": padded,
    "counted": counted,
    "polynomials": lambda X: np.c_[X, X**2, X**3, X[:, [0]] * X[:, [1]]],
    "clipped logarithms": lambda X: np.log1p(np.clip(X, 0, 10)),
    "rounded": lambda X: np.round(X, 1) + X.astype(float).clip(-1, 1),
    "hours": lambda X: np.column_stack([np.sin(2 * np.pi * X[:, 0] / 24), np.cos(2 * np.pi * (X[:, 0] % 24) / 24)]),
    "angles": lambda X: np.column_stack([np.hypot(X[:, 0], X[:, 1]), np.arctan2(X[:, 1], X[:, 0]), X[:, 2] // 3]),
    "missing": lambda X: np.hstack((np.nan_to_num(X), np.isnan(X).astype(int))),
    "signed powers": lambda X: np.sign(X) * np.abs(X) ** 0.5,
    "distance": lambda X: np.sqrt((X[:, 0] - X[:, 1]) ** 2 + (X[:, 2] - 1.5) ** 2).reshape(-1, 1),
    "members": lambda X: np.isin(X[:, :1], [0, 1, 2]).astype(np.int64),
}


def titanic(df: Any) -> Any:
    df = df.copy()
    df["family"] = df["siblings"] + df["parents"] + 1
    df["alone"] = (df["family"] == 1).astype(int)
    df["fare_each"] = df["fare"] / df["family"]
    df.loc[df["age"] < 1, "age"] = 1.0
    df["age"] = df["age"].fillna(LIMIT)
    return df.drop(columns=["siblings", "parents"])


def taxi(df: Any) -> Any:
    hour = df["hour"] % 24
    return pd.DataFrame(
        {
            "sin": np.sin(2 * np.pi * hour / 24),
            "cos": np.cos(2 * np.pi * hour / 24),
            "night": ((hour >= 22) | (hour < 6)).astype(int),
            "log_fare": np.log1p(df["fare"].clip(lower=0)),
            "speed": scaled(df["fare"], 3.0),
        }
    )


OF_TABLES: dict[str, Any] = {
    "titanic": titanic,
    "taxi": taxi,
    "a ratio": lambda df: df.assign(ratio=df["fare"] / df["hour"], total=lambda d: d.ratio + d.age),
    "joined": lambda df: pd.concat([df[["fare", "age"]], df["hour"].isna().rename("missing")], axis=1),
    "graded": lambda df: df[["parents"]].assign(grade=df["parents"].map(GRADES), other=df["hour"].replace({0: 12.0})),
    "bands": lambda df: df[["age"]].assign(band=np.select([df.age < 12, df.age < 60], [0, 1], default=2)),
    "ranges": lambda df: pd.DataFrame({"in": df["age"].between(18, 65), "out": df["age"].where(df["age"] > 30, 0.0)}),
    "of a kind": lambda df: df[["fare"]] * 2 if isinstance(df, pd.DataFrame) else df,
    "an array": lambda df: df[["fare", "age"]].to_numpy() * 2.0,
    "logarithms": lambda df: np.log1p(df.abs()),
    "row sums": lambda df: df[["fare", "age"]].sum(axis=1).to_frame("sum"),
    "by row": lambda df: df.apply(lambda row: row["fare"] - row["age"], axis=1).to_frame("margin"),
    "whole and rounded": lambda df: (
        df[["fare"]].round(1).assign(whole=df["hour"].fillna(0).astype(int), m=df.age.mask(df.age > 50))
    ),
}
