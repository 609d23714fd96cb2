"""Models fitted on float32 and asked small integers: scikit-learn multiplies these in float32, and so does Pretzel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.decomposition import TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.feature_selection import SelectKBest
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier, SGDClassifier, TweedieRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

import pretzel
from pretzel.errors import InputError, PretzelError
from pretzel.importers import export
from tests.importers.sklearn.frames import served

pytestmark = pytest.mark.filterwarnings("ignore")

RNG = np.random.default_rng(0)
WHOLE = RNG.integers(0, 100, (80, 4))
NAMES = ["a", "b", "c", "d"]
Y = (WHOLE @ [1, -2, 3, -1] > 40).astype(int) + (WHOLE[:, 0] > 60)
MODELS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: LogisticRegression(max_iter=20),
    "descent": lambda: SGDClassifier(loss="log_loss", random_state=0),
    "ridge": RidgeClassifier,
    "regression": LinearRegression,
    "generalized": lambda: TweedieRegressor(max_iter=20),
    "discriminants": LinearDiscriminantAnalysis,
    "quadratic": QuadraticDiscriminantAnalysis,
    "bayes": GaussianNB,
    "network": lambda: MLPClassifier((3,), max_iter=5, random_state=0),
    "decomposition": lambda: TruncatedSVD(2, random_state=0),
    "waves": lambda: RBFSampler(gamma=1e-4, n_components=3, random_state=0),
    "scaled": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "selected": lambda: make_pipeline(SelectKBest(k=3), LogisticRegression(max_iter=20)),
    "passed": lambda: make_pipeline(make_column_transformer(("passthrough", [0, 2])), LogisticRegression(max_iter=20)),
    "half scaled": lambda: make_pipeline(
        make_column_transformer((StandardScaler(), [0, 1]), ("passthrough", [2, 3])), LogisticRegression(max_iter=20)
    ),
    "with codes": lambda: make_pipeline(
        make_union(
            OneHotEncoder(dtype=np.float32, handle_unknown="ignore", sparse_output=False), FunctionTransformer()
        ),
        LogisticRegression(max_iter=20),
    ),
    "of codes": lambda: make_pipeline(
        OrdinalEncoder(dtype=np.int8, handle_unknown="use_encoded_value", unknown_value=-1),
        FunctionTransformer(np.float32),
        LogisticRegression(max_iter=20),
    ),
}
TABLE = pd.DataFrame(WHOLE, columns=NAMES)
FORMS: dict[str, Any] = {
    **{kind: WHOLE.astype(kind) for kind in ("int8", "uint8", "int16", "uint16", "int32", "int64", "float64")},
    "bool": WHOLE > 40,
    "list": WHOLE.tolist(),
    "bools": (WHOLE > 40).tolist(),
    "int8 table": TABLE.astype("int8"),
    "bool table": TABLE > 40,
    "half bool table": TABLE.astype("int8").assign(b=TABLE["b"] > 40),
    "mixed table": TABLE.astype({"a": "int8", "b": "uint8", "c": "int16", "d": "int8"}),
    "wide table": TABLE.astype({"a": "int8", "b": "int8", "c": "int64", "d": "int8"}),
    "nullable": TABLE.astype("Int8"),
    "arrow": TABLE.astype("int8[pyarrow]"),
    "polars": pl.DataFrame(TABLE.astype("int8")),
    "polars booleans": pl.DataFrame(TABLE > 40),
    "polars float32": pl.DataFrame(TABLE.astype("float32")),
    "csr": sparse.csr_array(WHOLE.astype("int8")),
    "csr of booleans": sparse.csr_array(WHOLE > 40),
}
METHODS = ("predict_proba", "predict_log_proba", "decision_function", "transform", "predict", "contributions")


def assert_equal_or_refused(model: Any, ask: Callable[[str, Any], Any], case: str) -> set[str]:
    """Return the forms that were answered, each of which the library answers alike."""
    answered = set()
    for form, rows in FORMS.items():
        for method in METHODS:
            try:
                want = getattr(model, method)(rows)
            except (AttributeError, ValueError, TypeError):
                continue
            try:
                got = np.asarray(ask(method, rows))
            except PretzelError as refused:
                assert any(word in str(refused) for word in ("convert", "cast", "toarray")), (case, form, str(refused))
                continue
            answered.add(form)
            assert got.dtype == want.dtype or want.dtype.kind in "iuO", (case, form, method, got.dtype, want.dtype)
            size = float(np.abs(want).max(initial=1.0)) if want.dtype.kind == "f" else 1.0
            bound = 1e-5 if case.startswith("descent") else 3e-6
            atol = bound * size if np.float32 in (want.dtype, getattr(model, "dtype", None)) else 1e-6 * size
            np.testing.assert_allclose(got, want, rtol=bound, atol=atol, err_msg=f"{case}, {form}, {method}")
    return answered


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("on", ["array", "table"])
def test_in_process_small_integers_are_multiplied_in_float32(name: str, on: str) -> None:
    X = TABLE.astype("float32") if on == "table" else WHOLE.astype("float32")
    model = MODELS[name]().fit(X, Y)
    predictor = pretzel.compile(model)
    answered = assert_equal_or_refused(model, lambda method, rows: getattr(predictor, method)(rows), f"{name} {on}")
    assert {"int8", "uint8", "int16", "uint16", "int32", "int64", "float64", "list"} <= answered


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("sample", [None, "float64", "int8"])
def test_as_deployed_small_integers_are_equal_or_refused_by_name(name: str, sample: str | None) -> None:
    model = MODELS[name]().fit(WHOLE.astype("float32"), Y)
    definition = export(model, sample=None if sample is None else WHOLE.astype(sample))
    answered = assert_equal_or_refused(model, lambda method, rows: served(definition, rows)[method], f"{name} {sample}")
    assert (sample or "float64") in answered


@pytest.mark.parametrize("name", ["logistic", "selected", "decomposition", "network"])
@pytest.mark.parametrize("sample", ["float32", "float64"])
def test_as_deployed_sparse_rows_are_equal_or_refused_by_name(name: str, sample: str) -> None:
    model = MODELS[name]().fit(WHOLE.astype("float32"), Y)
    definition = export(model, sample=sparse.csr_array(WHOLE.astype(sample)))
    method = "transform" if name == "decomposition" else "predict_proba"
    for kind in ("int8", "uint16", "bool", sample):
        rows = sparse.csr_array(WHOLE.astype(kind))
        if sample == "float64" and kind != sample:
            with pytest.raises(InputError, match=f"{kind}, with which the library computes in float32"):
                served(definition, rows)
            continue
        got, want = served(definition, rows)[method], getattr(model, method)(rows)
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5, err_msg=kind)


@pytest.mark.parametrize("name", ["logistic", "regression", "discriminants", "bayes", "network", "selected"])
def test_deployed_with_float32_they_are_answered(name: str) -> None:
    single = WHOLE.astype("float32")
    model = MODELS[name]().fit(single, Y)
    definition = export(model, sample=single)
    method = "predict" if name == "regression" else "predict_log_proba"
    for kind in ("float32", "int8", "uint8", "int16", "uint16", "bool"):
        rows = FORMS.get(kind, single)
        got, want = served(definition, rows)[method], getattr(model, method)(rows)
        assert got.dtype == want.dtype == np.float32
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5, err_msg=kind)
