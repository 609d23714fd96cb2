"""CatBoost's SHAP values, compared with ``get_feature_importance``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoost, CatBoostClassifier, CatBoostRegressor, Pool

import pretzel
from pretzel.errors import InputError
from pretzel.importers.catboost.cbm import read_cbm

RNG = np.random.default_rng(0)
ROWS = 400
X = RNG.normal(size=(ROWS, 5))
Y = X[:, 0] * X[:, 1] + X[:, 2]
FAR = np.concatenate([X, 4 * RNG.normal(size=(200, 5))])
"""Training rows and others, some of which end in leaves that no training row reached."""
TABLE = pd.DataFrame({name: RNG.choice(list(values), ROWS) for name, values in {"a": "uvwxyz", "b": "pqr"}.items()})
TABLE["c"], TABLE["d"] = X[:, 0], X[:, 1]
TARGET = X[:, 1] + 3 * ((TABLE.a == "u") & (TABLE.b == "p")) + 2 * ((TABLE.a == "w") & (TABLE.c > 0))
QUIET = {"iterations": 20, "verbose": 0, "random_seed": 1, "allow_writing_files": False, "thread_count": 1}


def own(model: Any, x: Any) -> np.ndarray:
    pool = Pool(x, cat_features=model.get_cat_feature_indices())
    return np.asarray(model.get_feature_importance(pool, type="ShapValues"))


def assert_explained(model: Any, x: Any, served: Any = None) -> None:
    predictor = pretzel.compile(model if served is None else served)
    for rows in (1, 33, len(x)):
        got, want = predictor.contributions(x[:rows]), own(model, x[:rows])
        assert (got.shape, got.dtype) == (want.shape, want.dtype)
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9 * np.abs(want).max())


@pytest.mark.parametrize("weights", [None, RNG.random(ROWS)], ids=["alike", "weighted"])
@pytest.mark.parametrize("depth", [1, 4, 8])
def test_numbers(depth: int, weights: Any) -> None:
    assert_explained(CatBoostRegressor(depth=depth, **QUIET).fit(X, Y, sample_weight=weights), FAR)


def test_rows_reach_leaves_without_training_rows() -> None:
    model = CatBoostRegressor(depth=4, **QUIET).fit(X, Y)
    weights = read_cbm(model._serialize_model()).leaf_weights
    assert weights is not None
    empty = (weights.reshape(QUIET["iterations"], -1) == 0).astype(int)
    reached = model.calc_leaf_indexes(FAR).astype(int)
    assert empty[np.arange(QUIET["iterations"]), reached].any()


def test_missing_values() -> None:
    gaps = np.where(RNG.random(X.shape) < 0.2, np.nan, X)
    assert_explained(CatBoostRegressor(depth=4, **QUIET).fit(gaps, Y), gaps)


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        ("Logloss", Y > 0),
        ("MultiClass", np.digitize(Y, [-0.5, 0.5])),
        ("MultiClassOneVsAll", np.digitize(Y, [-0.5, 0.5])),
    ],
)
def test_classes(loss: str, y: np.ndarray) -> None:
    assert_explained(CatBoostClassifier(depth=4, loss_function=loss, **QUIET).fit(X, y), FAR)


def test_several_targets() -> None:
    model = CatBoostRegressor(depth=4, loss_function="MultiRMSE", **QUIET)
    assert_explained(model.fit(X, np.column_stack([Y, -Y])), FAR)


@pytest.mark.parametrize("one_hot", [10, 3, 1])
@pytest.mark.parametrize("complexity", [1, 4])
def test_categories(one_hot: int, complexity: int) -> None:
    options = {"one_hot_max_size": one_hot, "max_ctr_complexity": complexity, "cat_features": ["a", "b"], "depth": 6}
    assert_explained(CatBoostRegressor(**options, **QUIET).fit(TABLE, TARGET), TABLE)
    classes = np.digitize(TARGET, [0, 1])
    assert_explained(CatBoostClassifier(**options, **QUIET).fit(TABLE, classes), TABLE)


@pytest.mark.parametrize("format", ["cbm", "json"])
def test_files(format: str, tmp_path: Path) -> None:
    model = CatBoostRegressor(depth=4, **QUIET).fit(X, Y)
    model.save_model(str(tmp_path / "model"), format=format)
    assert_explained(model, FAR, served=tmp_path / "model")


def test_models_that_catboost_does_not_explain_per_row_have_none() -> None:
    scaled = CatBoost({**QUIET, "depth": 4}).fit(X, Y)
    scaled.set_scale_and_bias(2.0, 1.0)
    for model in (
        scaled,
        CatBoostRegressor(grow_policy="Depthwise", **QUIET).fit(X, Y),
        CatBoostRegressor(monotone_constraints=[0, 0, 1, 0, 0], **QUIET).fit(X, Y),
        CatBoostRegressor(loss_function="RMSEWithUncertainty", **QUIET).fit(X, Y),
    ):
        with pytest.raises(AttributeError, match="contributions"):
            _ = pretzel.compile(model).contributions


def test_tables_with_further_columns_are_refused() -> None:
    """The library has contributions of columns that the model does not read."""
    table = pd.DataFrame(X, columns=list("abcde"))
    model = CatBoostRegressor(**QUIET).fit(table, Y)
    wide = table.assign(f=1.0)
    assert own(model, wide).shape == (ROWS, 7)
    predictor = pretzel.compile(model)
    np.testing.assert_allclose(predictor.predict(wide), model.predict(wide))
    np.testing.assert_array_equal(predictor.leaf_index(wide), model.calc_leaf_indexes(wide))
    with pytest.raises(InputError, match="'f' was not in the training data; drop it"):
        predictor.contributions(wide)
    np.testing.assert_allclose(predictor.contributions(table[list("edcba")]), own(model, table[list("edcba")]))
