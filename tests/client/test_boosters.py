"""Deployment of boosters and their files, with the answers of their library to a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pretzel.importers.xgboost.estimators import booster_answer
from tests.client.services import Control, serving

X = np.random.default_rng(0).normal(size=(80, 2))
Y = X[:, 0] - X[:, 1]


def lightgbm_booster() -> Any:
    lightgbm = pytest.importorskip("lightgbm")
    return lightgbm.train({"verbose": -1, "num_threads": 1}, lightgbm.Dataset(X, Y), 3)


def xgboost_booster() -> Any:
    xgboost = pytest.importorskip("xgboost")
    return xgboost.train({"nthread": 1}, xgboost.DMatrix(X, Y), 3)


@pytest.mark.parametrize(("make", "end"), [(lightgbm_booster, "txt"), (xgboost_booster, "json")], ids=["txt", "json"])
@pytest.mark.parametrize("from_file", [False, True], ids=["in memory", "file"])
def test_a_booster_and_its_file(control: Any, make: Any, end: str, from_file: bool, tmp_path: Path) -> None:
    booster, server = make(), Control()
    booster.save_model(tmp_path / f"model.{end}")
    with serving(server) as port:
        control(f"127.0.0.1:{port}").deploy("m", str(tmp_path / f"model.{end}") if from_file else booster, sample=X[:5])
    sent = {column.name: column for column in server.requests[0].sample.outputs}
    assert set(sent) == {"predict", "contributions", "leaf_index"}
    want = booster.predict(X[:5]) if end == "txt" else booster.inplace_predict(X[:5])
    assert np.frombuffer(sent["predict"].data, want.dtype).tolist() == want.tolist()
    want = booster.predict(X[:5], pred_contrib=True) if end == "txt" else xgboost_contributions(booster)
    assert np.frombuffer(sent["contributions"].data, want.dtype).tolist() == want.ravel().tolist()


def xgboost_contributions(booster: Any) -> Any:
    import xgboost

    return booster.predict(xgboost.DMatrix(X[:5]), pred_contribs=True)


def estimators() -> dict[str, Any]:
    lightgbm, xgboost = pytest.importorskip("lightgbm"), pytest.importorskip("xgboost")
    classes = np.digitize(Y, [-0.5, 0.5])
    alone = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1)
    grid = {"num_leaves": [3]}
    return {
        "alone": alone.fit(X, classes),
        "behind a step": make_pipeline(StandardScaler(), lightgbm.LGBMRegressor(n_estimators=3, verbose=-1)).fit(X, Y),
        "found by a search": GridSearchCV(lightgbm.LGBMRegressor(n_estimators=3, verbose=-1), grid, cv=2).fit(X, Y),
        "several classes": xgboost.XGBClassifier(n_estimators=3, n_jobs=1).fit(X, classes),
    }


@pytest.mark.parametrize("name", ["alone", "behind a step", "found by a search", "several classes"])
def test_contributions_of_a_sample_are_those_of_the_library(control: Any, name: str) -> None:
    estimator, server = estimators()[name], Control()
    if name == "several classes":
        want = booster_answer(estimator, X[:5], pred_contribs=True)
    else:
        want = getattr(estimator, "best_estimator_", estimator).predict(X[:5], pred_contrib=True)
    with serving(server) as port:
        control(f"127.0.0.1:{port}").deploy("m", estimator, sample=X[:5])
    parts = [column.data for column in server.requests[0].sample.outputs if column.name.startswith("contributions")]
    expected = np.moveaxis(want, 1, 0) if want.ndim == 3 else [want]
    assert parts == [part.tobytes() for part in expected]
