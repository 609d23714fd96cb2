"""assert_serves passes for what is served exactly, and its failures name method, row, values and the likely fault."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from pretzel import testing
from pretzel.compiler import optimize as oven
from pretzel.compiler.optimize.pattern import on, rule
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import register
from pretzel.plan import ops
from pretzel.plan.parameter import Parameter
from pretzel.plan.reference import REFERENCES
from tests.importers.registered import Typical, Winsorizer, winsorizer

X, y = load_wine(return_X_y=True)
TABLE = pd.DataFrame({"size": X[:, 0], "colour": np.array(["red", "white", "rosé"])[y]})
TEXTS = ["a good film", "an awful film", "good fun", "awful", "fun"]


class Tripled(TransformerMixin, BaseEstimator):
    """Returns three times its input."""

    def fit(self, X, y=None):
        """Learn the number of columns."""
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X):
        """Return the product."""
        return X * 3.0


@pytest.mark.parametrize(
    ("estimator", "rows"),
    [
        (make_pipeline(StandardScaler(), LogisticRegression()), X),
        (make_pipeline(StandardScaler(), Winsorizer(), LogisticRegression()), X),
        (make_pipeline(Winsorizer(), RandomForestClassifier(5)), pd.DataFrame(X).rename(columns=str)),
        (make_pipeline(OneHotEncoder(handle_unknown="ignore"), LinearRegression()), TABLE[["colour"]]),
        (MinMaxScaler(), X),
    ],
    ids=["linear", "registered", "registered table", "texts in a table", "scaler"],
)
def test_what_is_served_passes(estimator, rows):
    register(Winsorizer)(winsorizer)
    testing.assert_serves(estimator.fit(rows, y), rows, rows=20)


def test_other_inputs_and_outputs_pass():
    testing.assert_serves(TfidfVectorizer().fit(TEXTS), TEXTS, methods=["transform"])
    small = X[:, 5:8]
    many = MultiOutputClassifier(LogisticRegression(max_iter=1000)).fit(small, np.column_stack([y, y == 1]))
    testing.assert_serves(many, small, rows=10)
    rows = sparse.csr_matrix(X[:, :3] * (X[:, :3] > 2))
    testing.assert_serves(LogisticRegression(max_iter=1000).fit(rows, y), rows, rows=10)


def failure(estimator, given=X, **options):
    with pytest.raises(AssertionError) as raised:
        testing.assert_serves(estimator, given, **options)
    return str(raised.value)


def test_a_wrong_importer_is_named():
    @register(Winsorizer)
    def wrong(estimator, x, part):
        return {"transform": x.numbers("f64").clip(estimator.low_, estimator.high_ + np.eye(13)[2] * 1e-4)}

    inner = make_pipeline(Winsorizer(), MinMaxScaler())
    pipeline = make_pipeline(StandardScaler(), inner, LinearRegression()).fit(X, y)
    scaled, (clip, span) = pipeline[0].transform(X), (step for _, step in inner.steps)
    message = failure(inner, scaled, rows=178)
    row = int(np.argmax(scaled[:, 2] > clip.high_[2]))
    want, got = ((clip.high_[2] + more) * span.scale_[2] + span.min_[2] for more in (0, 1e-4))
    assert f"by references, 178 rows: output 'transform', row {row}, column 2: expected {want}, got {got}" in message
    assert "likely at fault: the importer of pipeline.winsorizer (" in message
    assert "likely at fault: the importer of pipeline.pipeline.winsorizer (" in failure(pipeline)
    chosen = ColumnTransformer([("rest", MinMaxScaler(), ["a"]), ("clip", Winsorizer(), list("bcdefghijklmn"))])
    table = pd.DataFrame(np.column_stack([y, X]), columns=list("abcdefghijklmn"))
    several = make_pipeline(make_union(chosen), LinearRegression()).fit(table, X[:, 2] + y)
    path = "pipeline.featureunion.columntransformer.clip"
    assert f"likely at fault: the importer of {path} (" in failure(several, table)


def test_a_step_that_mixes_rows_is_found_by_single_rows():
    class Centered(Tripled):
        def transform(self, X):
            return X - X.mean(axis=0)

    @register(Centered)
    def centered(estimator, x, part):
        return {"transform": x.numbers("f64").standardize(mean=np.zeros(2))}

    rows = np.array([[1.0, 2.0], [-1.0, -2.0]])
    message = failure(Centered().fit(rows), rows)
    assert "by references, 1 row: output 'transform', row 0" in message and "(row 0 of X)" in message


def test_a_form_that_is_read_differently_is_found():
    @register(Winsorizer)
    def narrow(estimator, x, part):
        return {"transform": x.numbers().clip(estimator.low_, estimator.high_)}

    message = failure(Winsorizer().fit(X), rows=10)
    assert "X as float32: output 'transform': expected float64, got float32" in message


def test_a_wrong_rewrite_is_named(monkeypatch):
    @rule(on(ops.Affine))
    def triple_less(graph, affine):
        """Wrong."""
        scale = affine.scale.array
        return None if scale[0] != 3 else ops.Affine(affine.x, Parameter.of(scale - 1))

    monkeypatch.setattr(oven, "RULES", (triple_less,))
    register(Tripled)(lambda estimator, x, part: {"transform": x.numbers().scale(3.0)})
    message = failure(Tripled().fit(X))
    assert "by optimized references, " in message and message.endswith("likely at fault: the rewrite triple_less")


def test_a_kernel_that_differs_from_its_reference_is_named(monkeypatch):
    monkeypatch.setitem(REFERENCES, ops.Affine, lambda node, x: x * 3.0)
    register(Tripled)(lambda estimator, x, part: {"transform": x.numbers().scale(2.0)})
    message = failure(Tripled().fit(X))
    assert "by kernels, " in message
    assert "likely at fault: the kernel of affine, which computes f64[13] from f64[13]" in message


def test_a_missing_method_is_found():
    class Sure(ClassifierMixin, Tripled):
        def predict(self, X):
            return np.asarray(X)[:, 0]

    register(Sure)(lambda estimator, x, part: {"transform": x.numbers().scale(3.0)})
    message = failure(Sure().fit(X), methods=["predict", "transform"])
    assert message == "methods: expected ['predict', 'transform'], ['transform'] are served"


def test_what_cannot_be_compared_is_an_error():
    with pytest.raises(UnsupportedError, match="no importer knows its class"):
        testing.assert_serves(Typical().fit(X), X)
    with pytest.raises(InputError, match="rows: expected at least 1, got 0"):
        testing.assert_serves(MinMaxScaler().fit(X), X, rows=0)
