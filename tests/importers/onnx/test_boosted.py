"""Boosted trees converted by onnxmltools, compared with ONNX Runtime: missing values, categories, objectives."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import onnx
import pytest
import xgboost
from onnxmltools.convert import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from tests.importers.onnx.compare import assert_served
from tests.importers.onnx.data import TARGET, TWO, Y, with_missing

X = with_missing()
POSITIVE = np.abs(TARGET)
SMALL: dict[str, Any] = {"n_estimators": 13, "verbose": -1, "num_threads": 1}
LIGHT = {
    "classes": (lightgbm.LGBMClassifier(**SMALL), Y),
    "two classes": (lightgbm.LGBMClassifier(**SMALL), TWO),
    "regression": (lightgbm.LGBMRegressor(**SMALL), TARGET),
    "poisson": (lightgbm.LGBMRegressor(objective="poisson", **SMALL), POSITIVE),
    "random forest": (lightgbm.LGBMRegressor(boosting="rf", bagging_freq=1, bagging_fraction=0.5, **SMALL), TARGET),
}
EXTREME: dict[str, tuple[Any, np.ndarray]] = {
    "classes": (xgboost.XGBClassifier(n_estimators=13, n_jobs=1), Y),
    "two classes": (xgboost.XGBClassifier(n_estimators=13, n_jobs=1), TWO),
    "regression": (xgboost.XGBRegressor(n_estimators=13, n_jobs=1), TARGET),
    "poisson": (xgboost.XGBRegressor(n_estimators=13, n_jobs=1, objective="count:poisson"), POSITIVE),
}
KIND = [("X", FloatTensorType([None, X.shape[1]]))]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("categories", [[], [0]], ids=["numbers", "categories"])
@pytest.mark.parametrize("name", LIGHT)
def test_lightgbm(name: str, categories: list[int]) -> None:
    estimator, y = LIGHT[name]
    estimator.fit(X, y, categorical_feature=categories)
    assert_served(convert_lightgbm(estimator, initial_types=KIND, target_opset=15), {"X": X})


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EXTREME)
def test_xgboost(name: str) -> None:
    estimator, y = EXTREME[name]
    assert_served(convert_xgboost(estimator.fit(X, y), initial_types=KIND, target_opset=15), {"X": X})


@pytest.mark.filterwarnings("ignore")
def test_chains_of_comparisons_become_category_sets() -> None:
    estimator = lightgbm.LGBMRegressor(objective="poisson", min_data_per_group=1, cat_smooth=0, **SMALL)
    estimator.fit(X, POSITIVE, categorical_feature=[0])
    model = convert_lightgbm(estimator, initial_types=KIND, target_opset=15)
    modes = [mode for node in model.graph.node for mode in _modes(node)]
    assert b"BRANCH_EQ" in modes
    assert_served(model, {"X": X})


def _modes(node: onnx.NodeProto) -> Any:
    lists = [attribute.strings for attribute in node.attribute if attribute.name == "nodes_modes"]
    return lists[0] if lists else []
