"""Tables of numbers and of categories, some with missing values, and makers of examples over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example

_random = np.random.default_rng(11)
ROWS = 80
TABLE = pd.DataFrame(
    {
        "price": _random.gamma(2.0, 3.0, ROWS) + 0.1,
        "share": _random.random(ROWS),
        "change": _random.normal(size=ROWS) * 3.0,
        "hour": _random.integers(0, 24, ROWS).astype(float),
    }
)
TABLE["double"] = TABLE["price"] * 2.0
KINDS = pd.DataFrame(
    {
        "color": _random.choice(["red", "green", "blue", "teal"], ROWS, p=[0.4, 0.3, 0.2, 0.1]),
        "price": TABLE["price"],
        "size": _random.choice(["small", "large"], ROWS),
    }
)
HOLES = TABLE.mask(_random.random(TABLE.shape) < 0.2).assign(double=TABLE["double"])
GAPS = KINDS.mask(_random.random(KINDS.shape) < 0.2)
TARGET = pd.Series((TABLE["price"] + TABLE["change"] + 2.0 * (KINDS["color"] == "red") > 6.0).astype(int))
NUMBERS = TABLE["price"] + TABLE["change"]
UNSEEN = pd.DataFrame({"color": ["mauve", "red"], "price": [1.5, 2.5], "size": ["small", "huge"]})
SOME = ["price", "share"]
BATCHES = (1, 7, 80)


def _fitted(kind: type, table: Any, target: Any, rows: Any, defaults: dict[str, Any]) -> Callable[..., tuple[Any, Any]]:
    def make(**options: Any) -> tuple[Any, Any]:
        return kind(**{**defaults, **options}).fit(table, target), table if rows is None else rows

    return make


def example(
    kind: type, options: dict[str, Any], table: Any = TABLE, target: Any = None, rows: Any = None, **defaults: Any
) -> Example:
    return Example(kind, _fitted(kind, table, target, rows, defaults), options, batches=BATCHES)


def encoder(kind: type, options: dict[str, Any], target: Any = TARGET, **defaults: Any) -> Example:
    """Return an example whose X has categories never seen, if the options allow them."""

    def make(**given: Any) -> tuple[Any, Any]:
        chosen = {**defaults, **given}
        rows = pd.concat([KINDS, UNSEEN], ignore_index=True) if chosen.get("unseen") in ("ignore", "encode") else KINDS
        return kind(**chosen).fit(KINDS, target), rows

    return Example(kind, make, {"variables": [["color"]], "ignore_format": HARMLESS} | options, batches=BATCHES)


VARIABLES: dict[str, Any] = {"variables": [SOME]}
WHOLE: dict[str, Any] = {"variables": HARMLESS}
CUT: dict[str, Any] = {"return_object": [True], "return_boundaries": [True], "precision": HARMLESS}
DROPS: dict[str, Any] = {"confirm_variables": FIT_ONLY}
BY_MODEL: dict[str, Any] = (
    DROPS
    | dict.fromkeys(("scoring", "cv", "groups", "threshold", "variables", "regression", "random_state"), FIT_ONLY)
    | {"estimator": HARMLESS}
)
MODEL = LogisticRegression()
CAPPED: dict[str, Any] = {"missing_values": ["ignore"]}
