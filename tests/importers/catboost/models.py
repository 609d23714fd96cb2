"""Small CatBoost models on small data, fitted in one thread without output or files."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoostClassifier, CatBoostRegressor

QUIET = {
    "iterations": 8,
    "depth": 4,
    "thread_count": 1,
    "logging_level": "Silent",
    "allow_writing_files": False,
    "random_seed": 1,
}
ROWS = 240
WORDS = ["a", "b", "c", "", "Äpfel", "北京", "👍🏽", "a longer name, of more than sixteen bytes", "x" * 70]


def numbers() -> np.ndarray:
    """Three columns: plain, with NaN, and with infinities and zeros of both signs."""
    dice = np.random.default_rng(7)
    x = dice.normal(size=(ROWS, 3))
    x[::7, 1] = np.nan
    x[::11, 2], x[1::11, 2], x[2::11, 2], x[3::11, 2] = np.inf, -np.inf, 0.0, -0.0
    return x


def target() -> np.ndarray:
    """A number that depends on the first columns."""
    x = numbers()
    return x[:, 0] + np.where(np.isnan(x[:, 1]), 0.5, np.sign(x[:, 1])) * x[:, 0] ** 2


def table() -> pd.DataFrame:
    """Two numbers and three categories: words of every length, integers, and one of two values."""
    dice = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "number": numbers()[:, 1],
            "word": dice.choice(WORDS, ROWS),
            "whole": dice.integers(-3, 9, ROWS),
            "pair": dice.choice(["yes", "no"], ROWS),
            "other": dice.normal(size=ROWS),
        }
    )


CATEGORIES = ["word", "whole", "pair"]


def combined_target() -> np.ndarray:
    """A number that depends on combinations of the table's columns."""
    frame = table()
    parity = frame.word.isin(WORDS[:4]) ^ (frame.whole > 3) ^ (frame.other > 0)
    return np.asarray(parity + 0.25 * (frame.pair == "yes"))


def regressor(**options: Any) -> CatBoostRegressor:
    """Fit a regressor on the numbers."""
    return CatBoostRegressor(**{**QUIET, **options}).fit(numbers(), target())


@lru_cache
def mixed(kind: str = "regressor", **options: Any) -> Any:
    """Fit a regressor, or a classifier of ``classes``, on the table."""
    classes = options.pop("classes", 2)
    options = {**QUIET, "cat_features": CATEGORIES, **options}
    if kind == "regressor":
        return CatBoostRegressor(**options).fit(table(), combined_target())
    return CatBoostClassifier(**options).fit(table(), np.digitize(combined_target(), [0.5, 1.1][: classes - 1]))
