"""Deploying boosters and files, which answer a sample by the library that wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
    sent, *others = server.requests[0].sample.outputs
    assert {column.name for column in others} == {"contributions", "leaf_index"}
    want = booster.predict(X[:5]) if end == "txt" else booster.inplace_predict(X[:5])
    assert np.frombuffer(sent.data, want.dtype).tolist() == want.tolist()
