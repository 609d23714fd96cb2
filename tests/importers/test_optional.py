"""Optional outputs: their selection, their cost for other outputs, and access by users."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.errors import UnsupportedError
from pretzel.importers import export
from pretzel.plan.definition import Definition
from pretzel.plan.model import describe
from pretzel.plan.multioutput import is_optional, usual_outputs
from pretzel.plan.plan import Plan

X = np.random.default_rng(0).normal(size=(200, 5))
Y = X[:, 0] - X[:, 1] > 0
TEXTS = [f"word{i % 7} other{i % 3} more{i % 5}" for i in range(200)]


def plan_of(definition: Definition) -> Plan:
    return compile_plan(optimize(definition)).plan


def pipelines() -> dict[str, Any]:
    return {
        "forest": make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(X, Y),
        "histogram": make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=5)).fit(X, Y),
        "linear": make_pipeline(StandardScaler(), PCA(3), LogisticRegression()).fit(X, Y),
        "text": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, Y),
    }


@pytest.mark.parametrize("name", pipelines())
def test_optional_outputs_do_not_change_the_others(name: str) -> None:
    """Rules check all readers of a value: a scaler with a second forest as reader would not fold into the first."""
    fitted = pipelines()[name]
    usual = [method for method in export(fitted).outputs if not is_optional(method)]
    wanted = ["contributions", "leaf_index"] if "linear" not in name and name != "text" else ["contributions"]
    alone, whole = plan_of(export(fitted, outputs=usual)), plan_of(export(fitted, outputs=[*usual, *wanted]))
    assert {stage.fingerprint for stage in alone.stages} <= {stage.fingerprint for stage in whole.stages}
    slots = {output.name: output.slot - len(alone.inputs) for output in alone.outputs}
    for output in whole.outputs:
        if output.name in slots:
            place = output.slot - len(whole.inputs)
            assert whole.stages[place].fingerprint == alone.stages[slots[output.name]].fingerprint


def test_text_models_store_their_weights_once() -> None:
    fitted = pipelines()["text"]
    assert "contributions" not in export(fitted).outputs
    assert export(fitted).metadata["on_request"] == ["contributions"]
    assert "contributions" in export(fitted, outputs=["predict", "contributions"]).outputs


def test_a_leaf_index_adds_only_its_table_of_leaves() -> None:
    fitted = pipelines()["forest"]
    alone, more = (export(fitted, outputs=names) for names in (["predict_proba"], ["predict_proba", "leaf_index"]))
    leaves = sum(one.tree_.n_leaves for one in fitted[-1].estimators_)
    blobs = [compile_plan(optimize(one)) for one in (alone, more)]
    sizes = [sum(map(len, [*compiled.blobs.values(), *compiled.plan.inline.values()])) for compiled in blobs]
    assert sizes[0] < sizes[1] < sizes[0] + 4 * leaves + 4096


def test_outputs_are_computed_if_named_alone() -> None:
    fitted = pipelines()["forest"]
    compiled = compile_plan(optimize(export(fitted)))
    executable = engine.load(compiled.plan, lambda digest: compiled.blobs[digest])
    assert set(executable.run({"X": X})) == set(usual_outputs(executable.outputs)) < set(executable.outputs)
    assert set(executable.run({"X": X}, ["leaf_index"])) == {"leaf_index"}


def test_named_outputs_are_the_only_ones() -> None:
    fitted = pipelines()["linear"]
    assert list(export(fitted, outputs=["predict"]).outputs) == ["predict"]
    assert list(export(fitted, outputs=["contributions"]).outputs) == ["contributions"]
    with pytest.raises(UnsupportedError, match="has no 'leaf_index'; choose among predict, .*contributions"):
        export(fitted, outputs=["leaf_index"])


def test_predictors_compile_omitted_outputs_on_demand(tmp_path: Path) -> None:
    fitted = pipelines()["text"]
    served = pretzel.compile(fitted)
    got = served.contributions(TEXTS)
    np.testing.assert_allclose(np.ravel(got.sum(axis=1)), fitted.decision_function(TEXTS), rtol=1e-9)
    served.save(tmp_path / "model")
    loaded = pretzel.load(tmp_path / "model")
    with pytest.raises(AttributeError, match=r"no 'contributions'.*outputs=\['contributions'\]"):
        _ = loaded.contributions


def test_loaded_predictors_have_what_was_saved(tmp_path: Path) -> None:
    fitted = pipelines()["forest"]
    pretzel.compile(fitted).save(tmp_path / "model")
    loaded = pretzel.load(tmp_path / "model")
    want = fitted[-1].apply(fitted[0].transform(X))
    np.testing.assert_array_equal(loaded.leaf_index(X), want)
    assert loaded.leaf_index(X.astype(np.float32)).dtype == want.dtype


def test_metadata_names_the_features_of_contributions() -> None:
    fitted = make_pipeline(StandardScaler(), PCA(3), LogisticRegression()).fit(X, Y)
    assert export(fitted).metadata["explained"] == ["pca0", "pca1", "pca2"]
    assert "explained" not in export(fitted, outputs=["predict"]).metadata


def test_classes_do_not_name_columns_of_explanations() -> None:
    """Three trees and three classes: classes do not name the leaves of trees, although the counts agree."""
    classes = np.array(["a", "b", "c"])[np.arange(len(X)) % 3]
    compiled = compile_plan(
        optimize(export(RandomForestClassifier(3).fit(X, classes), outputs=["predict_proba", "leaf_index", "predict"]))
    )
    version = SimpleNamespace(metadata={})
    labels = {one.name: one.labels for one in describe(version, compiled.plan, {}, compiled.blobs.__getitem__).outputs}
    assert labels["leaf_index"] is None
    assert list(labels["predict_proba"]) == list(labels["predict"]) == ["a", "b", "c"]
