"""Rows so large that a step overflows: Pretzel rejects and predicts exactly as the library."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import pretzel
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.errors import InputError
from pretzel.importers import export
from pretzel.plan.definition import Definition
from pretzel.plan.multioutput import usual_outputs

SIZES = [0.0, 1.0, 1e30, 3.3e38, 1e39, 1e150, 1e300, 5e307, 1.7e308, np.inf, np.nan]
PIPELINES = {
    "projected": (StandardScaler(), PCA(3), LogisticRegression()),
    "forest": (StandardScaler(), RandomForestClassifier(5, max_depth=4, random_state=0)),
    "forest behind min-max": (MinMaxScaler(), RandomForestClassifier(5, max_depth=4, random_state=0)),
}


@cache
def fitted(name: str) -> Pipeline:
    x = np.random.default_rng(0).normal(size=(200, 6)) * [1, 2, 4, 0.1, 50, 1e-3]
    return make_pipeline(*PIPELINES[name]).fit(x, (x[:, 0] + x[:, 1] > 0).astype(int))


@cache
def served_of(name: str) -> pretzel.Predictor:
    return pretzel.compile(fitted(name))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("column", [0, 3, 5])
@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.filterwarnings("ignore")
def test_a_huge_value_is_predicted_as_by_the_library(name: str, column: int, sign: int, size: float) -> None:
    model, served = fitted(name), served_of(name)
    row = np.full((1, 6), 0.5)
    row[0, column] = sign * size
    try:
        want = model.predict_proba(row)
    except ValueError:
        with pytest.raises(InputError, match="contains"):
            served.predict_proba(row)
        return
    np.testing.assert_allclose(served.predict_proba(row), want, rtol=1e-6, atol=1e-9)


def test_scaling_projection_and_model_fold_into_one_product() -> None:
    usual = ["predict", "predict_proba", "decision_function"]
    plan = compile_plan(optimize(export(fitted("projected"), outputs=usual))).plan
    kernels = [stage.kernel for stage in plan.stages]
    assert kernels.count("linear.dots") == 1
    assert not {"standardize", "linear.tiles"} & set(kernels)


@pytest.mark.parametrize("name", ["forest", "forest behind min-max"])
def test_a_scaling_before_a_forest_is_in_its_thresholds(name: str) -> None:
    optimized = optimize(export(fitted(name)))
    assert "contributions[0]" in optimized.outputs  # reads the scaled values, and is computed only on request
    whole = Definition(
        {output: optimized.outputs[output] for output in usual_outputs(optimized.outputs)}, optimized.inputs
    )
    kernels = {stage.kernel for stage in compile_plan(whole).plan.stages}
    assert not {"standardize", "affine", "cast"} & kernels
