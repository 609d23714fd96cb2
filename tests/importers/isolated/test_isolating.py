"""Steps that cannot be opened become Python stages if the caller asks, proved on the sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import pretzel
from pretzel.errors import DefinitionError, InputError, PreconditionError, UnsupportedError
from pretzel.importers import export
from pretzel.isolation.stages import PythonStages
from pretzel.plan import ops
from pretzel.plan.ops import PythonStage
from pretzel.plan.parameter import Parameter
from tests.importers.isolated.conftest import served

DICE = np.random.default_rng(0)
X = DICE.normal(size=(60, 3))
Y = np.arange(60) % 2
TEXTS = [" ".join(DICE.choice(["good", "bad", "ugly!", "film"], 4)) for _ in range(60)]
TABLE = pd.DataFrame({"a": X[:, 0], "n": np.arange(60), "c": DICE.choice(["x", "y"], 60)})


def distinct(texts: Any) -> np.ndarray:
    return np.array([[len(set(zip(text, text[1:], strict=False))), text.count("!")] for text in texts], float)


def flagged(table: pd.DataFrame) -> pd.DataFrame:
    """A table of numbers, integers and texts, where only row by row code decides."""
    assert table["n"].dtype == np.int64
    return table.assign(big=["yes" if value > 0 else "no" for value in table["a"]])


class RowByRow(TransformerMixin, BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> RowByRow:
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> np.ndarray:
        return np.array([[value + 1 if value > 0 else value for value in row] for row in X])


class Centered(RowByRow):
    def transform(self, X: Any) -> np.ndarray:
        return X - X.mean(axis=0)


class Signs(ClassifierMixin, BaseEstimator):
    def fit(self, X: Any, y: Any = None) -> Signs:
        self.classes_ = np.array(["minus", "plus"])
        return self

    def predict(self, X: Any) -> np.ndarray:
        return np.array(["plus" if row[0] > 0 else "minus" for row in np.asarray(X)])

    def predict_proba(self, X: Any) -> np.ndarray:
        return np.array([[0.25, 0.75] if row[0] > 0 else [0.5, 0.5] for row in np.asarray(X)])


def split(text: str) -> list[str]:
    return sorted(set(text.split("o")))


MODELS: dict[str, tuple[Any, Any]] = {
    "texts": (make_pipeline(make_union(TfidfVectorizer(), FunctionTransformer(distinct)), LogisticRegression()), TEXTS),
    "tokenizer": (make_pipeline(TfidfVectorizer(tokenizer=split, token_pattern=None), LogisticRegression()), TEXTS),
    "table": (
        make_pipeline(
            FunctionTransformer(flagged),
            make_column_transformer((StandardScaler(), ["a", "n"]), (OneHotEncoder(), ["c", "big"])),
            LogisticRegression(),
        ),
        TABLE,
    ),
    "class": (make_pipeline(StandardScaler(), RowByRow(), LogisticRegression()), X),
    "head": (make_pipeline(StandardScaler(), Signs()), X),
    "whole": (Signs(), X),
}


@pytest.mark.parametrize("name", MODELS)
def test_answers_equal_the_library_s(name: str, stages: PythonStages) -> None:
    model, data = MODELS[name]
    model.fit(data, Y)
    answers = served(model, data, stages)
    assert {"predict", "predict_proba"} <= answers.keys()
    assert answers["predict"].tolist() == model.predict(data).tolist()
    np.testing.assert_allclose(answers["predict_proba"], model.predict_proba(data), rtol=1e-9)


def test_native_steps_stay_native() -> None:
    model, data = MODELS["texts"]
    definition = export(model.fit(data, Y), sample=data, python="isolated")
    hops = [node for node in definition.nodes if isinstance(node, PythonStage)]
    assert [node.path for node in hops] == ["pipeline.featureunion.functiontransformer"]
    assert {"tokenize", "count_ngrams", "normalize", "linear"} <= {node.name for node in definition.nodes}
    (told,) = definition.metadata["python_stages"]
    assert told["step"] == hops[0].path and told["reason"] and told["remedy"]
    assert hops[0].packages[0] == f"numpy=={np.__version__}"


def test_without_asking_the_step_is_refused_as_before() -> None:
    model, data = MODELS["class"]
    with pytest.raises(UnsupportedError, match="pipeline.rowbyrow: .*it loops over rows"):
        export(model.fit(data, Y), sample=data)


def test_a_sample_is_required() -> None:
    model, data = MODELS["class"]
    with pytest.raises(UnsupportedError, match="it loops over rows; nor is it a Python stage: .*pass a sample"):
        export(model.fit(data, Y), python="isolated")


def test_rows_that_depend_on_others_are_refused() -> None:
    model = make_pipeline(Centered(), LogisticRegression()).fit(X, Y)
    with pytest.raises(UnsupportedError, match=r"nor is it a Python stage: row \d+ gives something else without every"):
        export(model, sample=X, python="isolated")


def test_objects_that_cannot_be_pickled_are_refused() -> None:
    step = RowByRow()
    step.rows = (row for row in X)
    with pytest.raises(UnsupportedError, match="nor is it a Python stage: it cannot be pickled"):
        export(make_pipeline(step, LogisticRegression()).fit(X, Y), sample=X, python="isolated")


def test_another_choice_is_refused() -> None:
    with pytest.raises(InputError, match="python='yes': expected 'isolated', or None"):
        export(Signs().fit(X, Y), sample=X, python="yes")


@pytest.mark.parametrize("package", ["", "==1", "numpy", "../numpy==1", "numpy==1 2"])
def test_packages_have_a_name_and_a_version(package: str) -> None:
    read, code = ops.Input("x", "f64"), Parameter.of(np.zeros(1, np.uint8))
    about = {"path": "own", "method": "", "takes": "{}", "gives": ("f64",), "part": 0, "python": "3.12"}
    assert (
        ops.PythonStage((read,), code, **about, packages=("numpy==2.1.0", "ruamel.yaml==0.18.6+local")).type
        == read.type
    )
    with pytest.raises(DefinitionError, match=r"packages: expected names and versions as in numpy==2.1.0"):
        ops.PythonStage((read,), code, **about, packages=("numpy==2.1.0", package))


def test_models_in_process_run_no_python_stages(tmp_path: Any) -> None:
    from pretzel.plan import bundle

    bundle.save(tmp_path / "model.pretzel", export(Signs().fit(X, Y), sample=X, python="isolated"))
    with pytest.raises(PreconditionError, match="step signs: its predict is Python code .* runs none"):
        pretzel.load(tmp_path / "model.pretzel")
