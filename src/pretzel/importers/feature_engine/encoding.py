"""Encoders of feature_engine: tables of the numbers that the encoder returns for each category."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from feature_engine import encoding

from pretzel.importers.columns import Columns
from pretzel.importers.feature_engine.tables import Table, changes
from pretzel.importers.registry import Step, refuses
from pretzel.importers.tabulated import tabulated

refuses(
    encoding.StringSimilarityEncoder,
    reason="it compares each text with every category",
    remedy="use CountVectorizer(analyzer='char', ngram_range=(2, 3)), or an encoder with known categories",
)
refuses(
    encoding.RareLabelEncoder,
    reason="it returns texts that no later step can read",
    remedy="use sklearn.preprocessing.OneHotEncoder(min_frequency=...), which groups rare categories itself",
)


@changes(
    encoding.CountFrequencyEncoder,
    encoding.DecisionTreeEncoder,
    encoding.MeanEncoder,
    encoding.OneHotEncoder,
    encoding.OrdinalEncoder,
    encoding.WoEEncoder,
)
def encoded(estimator: Any, table: Table, step: Step) -> Table:
    """Return the numbers of each category in place of its column, or at the end."""
    keys = {name: _known(estimator.encoder_dict_[name]) for name in estimator.variables_}
    dtypes = {name: _dtype(keys.get(name)) for name in table}
    columns = tabulated(estimator.transform, keys, dtypes, Columns.side_by_side(table.values(), frame=True), step)
    return dict(enumerate(columns.each()))


def _known(mapping: Any) -> list[Any]:
    """Return the categories of one column: the keys of a dictionary, or a list."""
    return [value for value in dict.fromkeys(mapping) if not pd.isna(value)]


def _dtype(keys: list[Any] | None) -> Any:
    return np.dtype(object) if keys and isinstance(keys[0], str) else np.dtype(float)
