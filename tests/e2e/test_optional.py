"""Leaves and contributions over the wire: as the libraries return them, and only on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost
from catboost import CatBoostRegressor, Pool
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pretzel.errors import NotFoundError
from pretzel.plan.multioutput import is_optional
from tests.e2e.up import Up, started

X = np.random.default_rng(0).normal(size=(120, 5))
Y = X[:, 0] * X[:, 1] + X[:, 2]
CLASSES = np.digitize(Y, [-0.5, 0.5])
TEXTS = [f"word{i % 7} other{i % 3} more{i % 5}" for i in range(120)]
CAT = {"iterations": 5, "depth": 3, "verbose": 0, "allow_writing_files": False}


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return {
        "forest": make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(X, CLASSES),
        "boosted": GradientBoostingClassifier(n_estimators=3).fit(X, CLASSES),
        "lightgbm": lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(X, CLASSES),
        "xgboost": xgboost.XGBClassifier(n_estimators=3).fit(X, CLASSES),
        "catboost": CatBoostRegressor(**CAT).fit(X, Y),
        "linear": LogisticRegression().fit(X, CLASSES),
        "text": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, Y > 0),
    }


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, models: dict[str, Any]) -> Iterator[Up]:
    with started(tmp_path_factory.mktemp("up"), "--workers=1") as running:
        with running.plane() as plane:
            for name, model in models.items():
                plane.deploy(name, model, sample=TEXTS[:20] if name == "text" else X[:20])
            plane.deploy("explained", models["text"], sample=TEXTS[:20], outputs=["predict", "contributions"])
        yield running


def same(got: Any, want: Any) -> None:
    assert (got.shape, got.dtype) == (want.shape, want.dtype)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_leaves(up: Up, models: dict[str, Any]) -> None:
    with up.client() as client:
        forest = models["forest"]
        same(client.leaf_index("forest", X), forest[-1].apply(forest[0].transform(X)))
        same(client.score("boosted", X, "apply"), models["boosted"].apply(X))
        same(client.leaf_index("lightgbm", X), models["lightgbm"].predict(X, pred_leaf=True))
        same(client.leaf_index("xgboost", X), models["xgboost"].apply(X))
        same(client.leaf_index("catboost", X), models["catboost"].calc_leaf_indexes(X))


def test_contributions(up: Up, models: dict[str, Any]) -> None:
    with up.client() as client:
        same(client.contributions("lightgbm", X), models["lightgbm"].predict(X, pred_contrib=True))
        booster = models["xgboost"].get_booster()
        same(client.contributions("xgboost", X), booster.predict(xgboost.DMatrix(X), pred_contribs=True))
        same(client.contributions("catboost", X), models["catboost"].get_feature_importance(Pool(X), type="ShapValues"))
        linear = client.contributions("linear", X)
        same(linear.sum(axis=2), models["linear"].decision_function(X))


def test_integers_travel_as_integers_and_only_by_name(up: Up) -> None:
    with up.client() as client:
        answer = client.infer("xgboost", {"X": X}, ["leaf_index"])
        assert answer["leaf_index"].dtype == np.int32 and answer["leaf_index"].shape == (120, 9)
        assert not any(map(is_optional, client.infer("xgboost", {"X": X})))


def test_text_models_are_explained_on_request(up: Up, models: dict[str, Any]) -> None:
    with up.client() as client:
        with pytest.raises(NotFoundError, match="no output 'contributions'"):
            client.contributions("text", TEXTS)
        answer = client.contributions("explained", TEXTS)
        np.testing.assert_allclose(np.ravel(answer.sum(axis=1)), models["text"].decision_function(TEXTS), rtol=1e-9)
        assert client.describe("text").version.metadata["on_request"] == ["contributions"]
