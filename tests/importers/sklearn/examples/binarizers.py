"""Encoders of labels as numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer

from tests.importers.sklearn.examples import Example

CITIES = ["Paris", "Ōsaka", "", "Paris", "Zürich"]
NUMBERS = np.array([3.0, -1.0, 7.0, 3.0])
LISTS = [["a", "bb"], [], ["ccc", "a", "a"], ("unseen", "bb")]


def _labels(kind: type, y: Any, *, rows: Any = None, **defaults: Any) -> Callable[..., tuple[Any, Any]]:
    """Return a function that fits on labels alone."""

    def make(**options: Any) -> tuple[Any, Any]:
        return kind(**defaults | options).fit(y), y if rows is None else rows

    return make


def _lists(**options: Any) -> tuple[Any, Any]:
    return MultiLabelBinarizer(**options).fit(LISTS[:3]), LISTS


BINARIZING: dict[str, Any] = {
    "neg_label": [-1, (2, {"pos_label": 5})],
    "pos_label": [3, (0, {"neg_label": -2}), (2, {"sparse_output": True})],
    "sparse_output": [True],
}

EXAMPLES = [
    Example(LabelEncoder, _labels(LabelEncoder, CITIES), exact=True),
    Example(LabelEncoder, _labels(LabelEncoder, NUMBERS), exact=True),
    Example(LabelEncoder, _labels(LabelEncoder, np.array([2.5, np.nan, -0.0])), exact=True),
    Example(LabelBinarizer, _labels(LabelBinarizer, CITIES, rows=[*CITIES, "unseen"]), BINARIZING, exact=True),
    Example(LabelBinarizer, _labels(LabelBinarizer, np.array([3, 1, 7]), rows=np.array([3, 7, 2, 1])), exact=True),
    Example(LabelBinarizer, _labels(LabelBinarizer, ["no", "yes"], rows=["yes", "no", "no"]), exact=True),
    Example(LabelBinarizer, _labels(LabelBinarizer, ["only"]), exact=True),
    Example(LabelBinarizer, _labels(LabelBinarizer, [1, 0], sparse_output=True), exact=True),
    Example(
        MultiLabelBinarizer,
        _lists,
        {"classes": [["ccc", "bb", "new", "a"]], "sparse_output": [True]},
        exact=True,
    ),
]
