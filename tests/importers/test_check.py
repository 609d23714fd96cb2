"""All unsupported steps are reported at once, with class, option, reason and remedy, and no other step."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import UnsupportedError
from tests.importers.common import Common
from tests.importers.common_pipelines import COMMON
from tests.importers.foreign import FRAME, NUMBERS, Custom, Y


@pytest.fixture(scope="module", params=COMMON)
def fitted(request: Any) -> tuple[Common, Any]:
    common = COMMON[request.param]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return common, common.make()


@pytest.mark.parametrize("with_sample", [False, True])
def test_all_steps_that_cannot_be_served_and_no_others(fitted: tuple[Common, Any], with_sample: bool) -> None:
    common, model = fitted
    sample = None
    if with_sample:
        sample = FRAME if common.x is None else common.x
    report = pretzel.check(model, sample=sample)
    if common.needs_sample and not with_sample:
        assert report.ok
        return
    assert {refusal.step: refusal.kind for refusal in report.refusals} == {
        step: kind for step, (kind, _) in common.refused.items()
    }, str(report)
    for refusal in report.refusals:
        assert common.refused[refusal.step][1] in str(refusal), str(refusal)
        assert refusal.reason and refusal.remedy
    assert not report.ok and str(report).count("refused: ") == len(report.refusals)


def test_an_export_names_one_of_them(fitted: tuple[Common, Any]) -> None:
    common, model = fitted
    sample = FRAME if common.x is None else common.x
    with pytest.raises(UnsupportedError) as caught:
        pretzel.export(model, sample=sample)
    assert any(str(caught.value).startswith(f"{step}: {kind}") for step, (kind, _) in common.refused.items()), str(
        caught.value
    )


def test_a_supported_estimator_reports_methods_inputs_and_notes() -> None:
    x = np.array([[0.0, 1.0], [0.0, 2.0], [1.0, 1.0], [1.0, 2.0]] * 5)
    model = make_pipeline(KNNImputer(), StandardScaler(), LogisticRegression()).fit(x, x[:, 0])
    report = pretzel.check(model)
    assert report.ok and report.inputs == {"X": "f64[2]"}
    assert {*report.methods} == {"predict", "predict_proba", "predict_log_proba", "decision_function", "contributions"}
    assert [note.step for note in report.notes] == ["pipeline.knnimputer"]
    assert "can be served" in str(report) and "note: pipeline.knnimputer: " in str(report)
    assert pretzel.check(pretzel.export(model)) == report
    assert pretzel.check(model, sample=x.astype("f4")).as_map()["refusals"][0]["class"] == "sklearn.impute.KNNImputer"


def test_models_of_other_libraries_after_a_refused_step() -> None:
    for module, name in (
        ("lightgbm", "LGBMClassifier"),
        ("xgboost", "XGBClassifier"),
        ("catboost", "CatBoostClassifier"),
    ):
        kind = getattr(pytest.importorskip(module), name)
        quiet = {"verbose": -1} if module == "lightgbm" else {"verbose": 0} if module == "catboost" else {}
        quiet |= {"iterations": 2, "allow_writing_files": False} if module == "catboost" else {"n_estimators": 2}
        model = make_pipeline(Custom(), kind(**quiet)).fit(NUMBERS.to_numpy(), Y)
        report = pretzel.check(model)
        assert [refusal.step for refusal in report.refusals] == ["pipeline.custom"], str(report)
        assert pretzel.check(model[-1]).ok


def test_an_unsupported_option_after_a_refused_step_is_reported() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    head = lightgbm.LGBMRegressor(n_estimators=2, verbose=-1, linear_tree=True)
    model = make_pipeline(Custom(), head).fit(NUMBERS.to_numpy(), NUMBERS["age"])
    steps = {refusal.step: refusal.option for refusal in pretzel.check(model).refusals}
    assert steps == {"pipeline.custom": "", "pipeline.lgbmregressor": "linear_tree=True"}


@pytest.mark.parametrize("kind", ["path", "model"])
def test_all_nodes_of_a_graph_that_cannot_be_served(tmp_path: Path, kind: str) -> None:
    onnx = pytest.importorskip("onnx")
    from tests.importers.onnx.graphs import MATRIX, Y, model, node  # which need onnx

    nodes = [
        node("Elu", "X", to="A"),
        node("Abs", "A", to="B"),
        node("Relu", "X", to="C", slope=1.0),
        node("Neg", "C", to="D"),
        node("Add", "B", "D"),
    ]
    graph = model(nodes, MATRIX, Y)
    onnx.save(graph, tmp_path / "m.onnx")
    report = pretzel.check(tmp_path / "m.onnx" if kind == "path" else graph)
    assert [refusal.kind for refusal in report.refusals] == ["node 'the Elu of A' (Elu)", "node 'the Relu of C' (Relu)"]
    assert "cannot be served: 2 steps are refused" in str(report)


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({}, "dict: dict cannot be served: it is not an estimator"),
        (LogisticRegression, "type: type cannot be served: LogisticRegression is a class; pass an estimator of it"),
    ],
)
def test_objects_that_are_not_fitted_estimators_are_refused(odd: Any, said: str) -> None:
    (refusal,) = pretzel.check(odd).refusals
    assert str(refusal).startswith(said)


def test_dates_in_a_sample_are_ignored_unless_a_step_reads_them() -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, Y)
    assert pretzel.check(model, sample=FRAME).ok
    dates = FRAME[["age", "price"]].assign(price=FRAME["when"])
    (refusal,) = pretzel.check(model, sample=dates).refusals
    assert refusal.step == "pipeline.standardscaler"
    assert refusal.reason.startswith("column 'price' holds dates (datetime64")


def test_similar_members_are_reported_once() -> None:
    model = OneVsRestClassifier(make_pipeline(Custom(), LogisticRegression())).fit(NUMBERS, np.arange(len(Y)) % 4)
    assert [refusal.step for refusal in pretzel.check(model).refusals] == ["onevsrestclassifier.estimators_[0].custom"]
