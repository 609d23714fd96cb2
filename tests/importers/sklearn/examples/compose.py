"""Composite estimators, over a mixed table."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(2)
TABLE = pd.DataFrame(
    {
        "age": _random.normal(40.0, 9.0, 30),
        "hours": _random.integers(0, 3, 30).astype(float),
        "job": _random.choice(["cook", "smith", "clerk"], 30),
    }
)
X = TABLE[["age", "hours"]].to_numpy()
Y = TABLE["age"].to_numpy() > 40


def _steps(*steps: Any) -> list[tuple[str, Any]]:
    return [(f"step{i}", step) for i, step in enumerate(steps)]


def _parts(*parts: tuple[Any, list[str]]) -> list[tuple[str, Any, list[str]]]:
    return [(f"part{i}", part, columns) for i, (part, columns) in enumerate(parts)]


UNION = _steps(StandardScaler(), MinMaxScaler())
MIXED = _parts((StandardScaler(), ["age"]), (OneHotEncoder(), ["job"]))
NUMBERS = _parts((StandardScaler(), ["age", "hours"]))

EXAMPLES = [
    Example(
        Pipeline,
        fitting(Pipeline, X, Y, steps=_steps(StandardScaler(), LogisticRegression())),
        {
            "steps": [_steps("passthrough", LogisticRegression()), _steps(MinMaxScaler(), StandardScaler())],
            "transform_input": FIT_ONLY,
            "memory": FIT_ONLY,
        },
    ),
    Example(
        FeatureUnion,
        fitting(FeatureUnion, X, transformer_list=UNION),
        {
            "transformer_list": [_steps(StandardScaler(), "passthrough"), _steps("drop", MinMaxScaler())],
            "transformer_weights": [{"step0": 3.0}, {"step0": 0.5, "step1": -2}],
            "verbose_feature_names_out": FIT_ONLY,
        },
    ),
    Example(
        ColumnTransformer,
        fitting(ColumnTransformer, TABLE, transformers=MIXED),
        {
            "transformers": [NUMBERS, _parts(("passthrough", ["hours", "age"]), (OneHotEncoder(), ["job"]))],
            "remainder": ["passthrough", StandardScaler()],
            "sparse_threshold": [0.8, 1.0],
            "transformer_weights": [{"part0": 2.0}, {"part1": 7}],
            "verbose_feature_names_out": FIT_ONLY,
        },
    ),
]
