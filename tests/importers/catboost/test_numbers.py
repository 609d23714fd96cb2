"""Models with numbers: losses, labels, missing values, tree growth, and values at borders."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from catboost import CatBoost, CatBoostClassifier, CatBoostError, CatBoostRanker, CatBoostRegressor
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import UnsupportedError
from pretzel.importers import export
from pretzel.plan.multioutput import usual_outputs
from tests.importers.catboost.compare import assert_answers
from tests.importers.catboost.models import QUIET, ROWS, numbers, regressor, target

POLICIES = ["SymmetricTree", "Depthwise", "Lossguide"]
NAN_MODES = ["Min", "Max"]
LOSSES = {
    "RMSE": target(),
    "MAE": target(),
    "Quantile:alpha=0.3": target(),
    "MultiQuantile:alpha=0.2,0.5": target(),
    "Poisson": np.abs(target()),
    "Tweedie:variance_power=1.5": np.abs(target()),
    "LogLinQuantile": np.abs(target()) + 0.1,
    "RMSEWithUncertainty": target(),
    "MultiRMSE": np.column_stack([target(), numbers()[:, 0]]),
    "Huber:delta=1": target(),
    "Lq:q=3": target(),
    "Expectile:alpha=0.3": target(),
    "LogCosh": target(),
    "MAPE": np.abs(target()) + 0.1,  # codespell:ignore mape
    "SurvivalAft": np.column_stack([np.abs(target()), np.abs(target()) + 1]),
}
LABELS: list[list[Any]] = [
    *([0, 1], ["no", "yes"], [False, True], [1.5, 2.5], [-1, 7], ["1", "2"], [0.0, 1.0]),
    *([0, 1, 2], ["rot", "grün", "blau"], [0.5, 1.5, 9.0], [10, -4, 3]),
]
EDGES = [np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -1e-45, 1e-45, 1e300, -1e300, 3.4028235e38, -3.4028235e38]


@pytest.mark.parametrize("loss", LOSSES)
def test_regressors_by_loss(loss: str) -> None:
    model = CatBoostRegressor(**QUIET, loss_function=loss).fit(numbers(), LOSSES[loss])
    assert set(usual_outputs(assert_answers(model, numbers()).outputs)) == {"predict"}


@pytest.mark.parametrize("loss", ["Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll", "MultiLogloss"])
def test_classifiers_by_loss(loss: str) -> None:
    y: Any = np.digitize(target(), [-0.5, 0.5])
    if loss in ("Logloss", "CrossEntropy"):
        y = (y > 0).astype(int) if loss == "Logloss" else 1 / (1 + np.exp(-target()))
    if loss == "MultiLogloss":
        y = np.column_stack([y > 0, y > 1]).astype(int)
    definition = assert_answers(CatBoostClassifier(**QUIET, loss_function=loss).fit(numbers(), y), numbers())
    assert set(usual_outputs(definition.outputs)) == {
        "predict",
        "predict_proba",
        "predict_log_proba",
        "decision_function",
    }


@pytest.mark.parametrize("labels", LABELS, ids=str)
def test_labels_keep_their_type(labels: list[Any]) -> None:
    y = np.array(labels)[np.digitize(target(), [-0.5, 0.5][: len(labels) - 1])]
    model = CatBoostClassifier(**QUIET).fit(numbers(), y)
    assert_answers(model, numbers(), batches=[ROWS])
    got, want = pretzel.compile(model).predict(numbers()), model.predict(numbers())
    assert got.dtype == want.dtype
    assert got.tolist() == want.tolist()


def test_classes_without_training_rows_score_minus_infinity() -> None:
    y = 2 * np.digitize(target(), [-0.5, 0.5])
    model = CatBoostClassifier(**QUIET, loss_function="MultiClass", class_names=[0, 1, 2, 3, 4]).fit(numbers(), y)
    assert_answers(model, numbers())


@pytest.mark.parametrize("share", [0.05, 0.9])
def test_probability_threshold(share: float) -> None:
    model = CatBoostClassifier(**QUIET).fit(numbers(), target() > 0)
    before = model.predict(numbers()).tolist()
    model.set_probability_threshold(share)
    assert model.predict(numbers()).tolist() != before
    assert_answers(model, numbers())


@pytest.mark.parametrize(("scale", "bias"), [(1000.0, 0.0), (1.0, 40.0), (1.0, -800.0), (0.1, 0.3)])
def test_scale_and_bias_apply_after_the_sum(scale: float, bias: float) -> None:
    model = CatBoostClassifier(**QUIET).fit(numbers(), target() > 0)
    model.set_scale_and_bias(scale, [bias])
    assert_answers(model, numbers())


@pytest.mark.parametrize("kind", [CatBoost, CatBoostRanker])
def test_other_estimators_return_raw_scores(kind: Any) -> None:
    group = np.arange(ROWS) // 10
    loss = "YetiRank" if kind is CatBoostRanker else "Logloss"
    extra = {"group_id": group} if kind is CatBoostRanker else {}
    model = kind({**QUIET, "loss_function": loss}) if kind is CatBoost else kind(**QUIET, loss_function=loss)
    model.fit(numbers(), (target() > 0).astype(int), **extra)
    assert set(usual_outputs(assert_answers(model, numbers()).outputs)) == {"predict"}


@pytest.mark.parametrize("mode", NAN_MODES)
@pytest.mark.parametrize("policy", POLICIES)
def test_missing_values_follow_the_nan_mode(policy: str, mode: str) -> None:
    model = regressor(grow_policy=policy, nan_mode=mode)
    missing = np.full((5, 3), np.nan)
    assert_answers(model, np.concatenate([numbers(), missing]))


def test_a_mode_that_forbids_missing_values_applies_only_while_fitting() -> None:
    x = np.nan_to_num(numbers(), posinf=9.0, neginf=-9.0)
    model = CatBoostRegressor(**QUIET, nan_mode="Forbidden").fit(x, target())
    assert_answers(model, np.full((3, 3), np.nan))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), policy=st.sampled_from(POLICIES), mode=st.sampled_from(NAN_MODES))
def test_numbers_at_borders_go_to_the_correct_side(data: st.DataObject, policy: str, mode: str) -> None:
    model = FITTED.setdefault((policy, mode), regressor(grow_policy=policy, nan_mode=mode))
    borders = [border for of_one in model.get_borders().values() for border in of_one]
    near = st.sampled_from(borders).flatmap(lambda b: st.sampled_from([b, np.nextafter(b, 9), np.nextafter(b, -9)]))
    values = near | st.sampled_from(EDGES) | st.floats(width=64)
    rows = data.draw(st.lists(st.tuples(values, values, values), min_size=1, max_size=12))
    assert_answers(model, np.array(rows), batches=[len(rows)])


FITTED: dict[tuple[str, str], Any] = {}


def test_float32_input_is_not_converted() -> None:
    x = numbers().astype(np.float32)
    assert_answers(regressor(), x, sample=x)


def test_sparse_rows_are_read_as_zeros() -> None:
    x = sparse.random(60, 8, density=0.4, format="csr", random_state=1)
    model = CatBoostRegressor(**QUIET).fit(x, np.arange(60) % 7)
    np.testing.assert_array_equal(pretzel.compile(model).predict(x), model.predict(x))


@pytest.mark.parametrize("depth", [1, 10, 16])
def test_deep_symmetric_trees_are_not_larger_than_in_catboost(depth: int) -> None:
    model = regressor(iterations=2, depth=depth)
    assert_answers(model, numbers(), batches=[ROWS])
    definition = export(model, outputs=["predict"])
    held = sum(parameter.nbytes for parameter in definition.parameters.values())
    assert held < len(model._serialize_model()) + 4096


def test_trees_without_splits_predict_per_row() -> None:
    options = {**QUIET, "allow_const_label": True, "bootstrap_type": "No"}
    model = CatBoostRegressor(**options).fit(numbers(), np.full(ROWS, 3.0))
    assert_answers(model, numbers())


def test_shrunken_models_use_the_remaining_trees() -> None:
    model = regressor()
    model.shrink(5, ntree_start=2)
    assert model.tree_count_ == 3
    assert_answers(model, numbers())


def test_a_model_shrunken_to_no_trees_is_refused() -> None:
    """The library has no answer of its own."""
    model = regressor()
    model.shrink(0)
    with pytest.raises(CatBoostError, match="Empty tree range"):
        model.predict(numbers())
    with pytest.raises(
        UnsupportedError, match="no trees, and CatBoost predicts nothing without one; train it with one iteration"
    ):
        pretzel.compile(model)


def test_only_the_best_model_is_kept() -> None:
    model = CatBoostRegressor(**{**QUIET, "iterations": 40, "learning_rate": 1.0}, use_best_model=True)
    model.fit(numbers()[::2], target()[::2], eval_set=(numbers()[1::2], target()[1::2]))
    assert model.tree_count_ < 40
    assert_answers(model, numbers())


def test_inside_pipelines() -> None:
    x = np.nan_to_num(numbers(), posinf=5.0, neginf=-5.0)
    piped = make_pipeline(StandardScaler(), CatBoostClassifier(**QUIET)).fit(x, target() > 0)
    np.testing.assert_allclose(pretzel.compile(piped).predict_proba(x), piped.predict_proba(x), rtol=1e-6)
    logs = TransformedTargetRegressor(CatBoostRegressor(**QUIET), func=np.log1p, inverse_func=np.expm1)
    logs.fit(x, np.abs(target()))
    np.testing.assert_allclose(pretzel.compile(logs).predict(x), logs.predict(x), rtol=1e-6)


def test_subclasses() -> None:
    class Own(CatBoostRegressor):
        pass

    class Other(CatBoostRegressor):
        def predict(self, data: Any) -> Any:
            return super().predict(data) + 1

    assert_answers(Own(**QUIET).fit(numbers(), target()), numbers())
    with pytest.raises(UnsupportedError, match="Other redefines 'predict'"):
        export(Other(**QUIET).fit(numbers(), target()))
