"""Predictions for each XGBoost objective, in memory and from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

import pretzel
from pretzel.errors import UnsupportedError
from pretzel.importers import export
from pretzel.importers.xgboost.native import read
from pretzel.importers.xgboost.objectives import OBJECTIVES
from tests.importers.sklearn.frames import assert_serves
from tests.importers.xgboost.examples import CLASSES, COUNTS, YES, X

TARGETS: dict[str, Any] = {
    "binary:hinge": YES,
    "binary:logistic": YES,
    "binary:logitraw": YES,
    "multi:softmax": CLASSES,
    "multi:softprob": CLASSES,
    "rank:map": YES,
    "rank:ndcg": CLASSES,
    "rank:pairwise": CLASSES,
    "reg:logistic": 1 / (1 + COUNTS),
}
BASES = [None, 0.1, 0.9]


def trained(objective: str, base: float | None = None, **options: Any) -> xgboost.Booster:
    data = xgboost.DMatrix(X, TARGETS.get(objective, COUNTS))
    if objective.startswith("rank"):
        data.set_group([60, 60])
    if objective == "survival:aft":
        data.set_float_info("label_lower_bound", COUNTS)
        data.set_float_info("label_upper_bound", COUNTS + 1)
    options |= {} if base is None else {"base_score": base}
    options |= {"num_class": 3} if objective.startswith("multi") else {}
    return xgboost.train({"objective": objective, "max_depth": 3, "nthread": 1, **options}, data, 4)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_objective(objective: str, base: float | None, tmp_path: Path) -> None:
    options = {"quantile_alpha": [0.2, 0.7]} if objective == "reg:quantileerror" else {}
    booster = trained(objective, base, **options)
    for end in ("json", "ubj"):
        booster.save_model(tmp_path / f"model.{end}")
        model = read((tmp_path / f"model.{end}").read_bytes())
        assert_serves(model, X, batches=[7, len(X)])
    predictor = pretzel.compile(booster)
    np.testing.assert_allclose(predictor.predict(X), booster.predict(xgboost.DMatrix(X)), rtol=1e-6)


def test_the_sigmoid_is_clipped_as_in_xgboost() -> None:
    estimator = xgboost.XGBClassifier(n_estimators=1, max_depth=1, n_jobs=1, base_score=0.5).fit(X, YES)
    ends = [float(leaf) for leaf in read(bytes(estimator.get_booster().save_raw())).trees[0].leaves[1:]]
    for size in (1.0, 30.0, 89.0, 1e3):  # the document is edited to leaves of this size
        document = estimator.get_booster().save_raw("json").decode()
        for leaf in ends:
            document = document.replace(f"{np.float32(leaf)!s}", str(np.sign(leaf) * size))
        estimator.load_model(bytearray(document.encode()))
        assert_serves(estimator, X)


def test_unknown_objectives_are_refused() -> None:
    document = bytes(trained("reg:gamma").save_raw("json")).replace(b"reg:gamma", b"reg:delta")
    with pytest.raises(UnsupportedError, match="the objective 'reg:delta' is not supported; use one of binary:"):
        export(read(document))
