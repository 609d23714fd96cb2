"""Encoders over columns of texts and of numbers, with missing values and categories never seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import category_encoders as ce
import numpy as np
import pandas as pd

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example

_random = np.random.default_rng(7)
ROWS = 60
TABLE = pd.DataFrame(
    {
        "color": _random.choice(["red", "green", "blue", "teal"], ROWS, p=[0.5, 0.3, 0.15, 0.05]),
        "weight": _random.normal(size=ROWS),
        "size": _random.choice(["small", "large"], ROWS),
        "grade": _random.choice([1.0, 2.0, 5.0], ROWS),
        "same": ["alike"] * ROWS,
    }
)
HOLES = TABLE.assign(
    size=TABLE["size"].where(_random.random(ROWS) < 0.7), color=TABLE["color"].where(_random.random(ROWS) < 0.9)
)
UNSEEN = pd.DataFrame(
    {
        "color": ["mauve", "red"],
        "weight": [0.5, 1.5],
        "size": ["small", None],
        "grade": [7.0, 1.0],
        "same": ["other"] * 2,
    }
)
TARGET = (TABLE["weight"] + (TABLE["color"] == "red") + 0.5 * _random.normal(size=ROWS) > 0.5).astype(int)
NUMBERS = TABLE["weight"] + TABLE["grade"]
COLUMNS = ["color", "size", "grade", "same"]


def _encoder(kind: type, target: Any = TARGET) -> Callable[..., tuple[Any, Any]]:
    """Return a function that fits; X has categories never seen too."""

    def make(**options: Any) -> tuple[Any, Any]:
        fitted = kind(**{"cols": [*COLUMNS], **options}).fit(HOLES, target)
        return fitted, pd.concat([HOLES, UNSEEN], ignore_index=True)

    return make


LUMPING: dict[str, Any] = {
    "min_group_size": [20, 0.4],
    "min_group_name": FIT_ONLY,
    "combine_min_nan_groups": [("force", {"min_group_size": 20}), (False, {"min_group_size": 20})],
}
OPTIONS: dict[str, Any] = {
    "cols": [["color", "size", "same"]],
    "drop_invariant": [True],
    "return_df": HARMLESS,
    "handle_unknown": ["return_nan"],
    "handle_missing": ["return_nan"],
    **dict.fromkeys(LUMPING, FIT_ONLY),
}
COMPOSITES: dict[str, Any] = {
    "composite_cols": [[("color", "size")]],
    "keep_components": HARMLESS,
    "random_state": HARMLESS,
    "randomized": HARMLESS,
    "sigma": HARMLESS,
}
INDICATED: dict[str, Any] = {
    "handle_unknown": ["return_nan", "indicator"],
    "handle_missing": ["return_nan", "indicator"],
}
BATCHES = (1, 7, 62)


def _example(kind: type, target: Any = TARGET, **options: Any) -> Example:
    return Example(kind, _encoder(kind, target), OPTIONS | options, exact=True, batches=BATCHES)


EXAMPLES = [
    _example(ce.OrdinalEncoder, **LUMPING, mapping=HARMLESS, index_start=[5]),
    _example(ce.OneHotEncoder, **LUMPING, **INDICATED, use_cat_names=HARMLESS),
    _example(ce.BinaryEncoder, **INDICATED, mapping=HARMLESS, base=[3]),
    _example(ce.GrayEncoder, **INDICATED, mapping=HARMLESS, base=HARMLESS),
    _example(ce.BaseNEncoder, **INDICATED, mapping=HARMLESS, base=[3, 1]),
    _example(ce.RankHotEncoder, use_cat_names=HARMLESS),
    *(
        _example(kind, **INDICATED, mapping=HARMLESS, drop_invariant=HARMLESS)
        for kind in (ce.HelmertEncoder, ce.SumEncoder, ce.BackwardDifferenceEncoder, ce.PolynomialEncoder)
    ),
    _example(ce.CountEncoder, **LUMPING, normalize=[True]),
    _example(
        ce.TargetEncoder,
        **LUMPING,
        **COMPOSITES,
        min_samples_leaf=[2],
        smoothing=[1.0],
        hierarchy=[{"color": {"warm": ("red",), "cold": ("blue", "green", "teal")}}],
    ),
    _example(ce.CountTargetEncoder, min_samples_leaf=[2], smoothing=[1.0]),
    _example(ce.LeaveOneOutEncoder, **COMPOSITES),
    _example(ce.CatBoostEncoder, **COMPOSITES, a=[9.0]),
    _example(ce.WOEEncoder, **COMPOSITES, regularization=[9.0]),
    _example(ce.JamesSteinEncoder, **COMPOSITES, model=["pooled", "beta", "binary"]),
    _example(ce.MEstimateEncoder, **COMPOSITES, m=[9.0]),
    _example(ce.QuantileEncoder, NUMBERS, **COMPOSITES, quantile=[0.2], m=[9.0]),
    _example(ce.SummaryEncoder, NUMBERS, quantiles=[(0.1, 0.5)], m=[9.0]),
]
