"""Predictors in this process: input forms, results, rejected input, and concurrent threads."""

from __future__ import annotations

import copy
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, Normalizer, StandardScaler

import pretzel
from pretzel.errors import CorruptObjectError, InputError, UnsupportedError
from pretzel.local import Predictor

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")


def data(rows: int = 200, width: int = 7) -> np.ndarray:
    return np.random.default_rng(rows).normal(size=(rows, width))


def targets(x: np.ndarray, labels: Any = ("ham", "spam", "egg")) -> np.ndarray:
    return np.asarray(labels)[(np.abs(x[:, 0] + x[:, 1]) * 2).astype(int) % len(labels)]


@pytest.fixture(scope="module")
def classifier() -> LogisticRegression:
    return LogisticRegression().fit(data(), targets(data()))


@pytest.fixture(scope="module")
def predictor(classifier: LogisticRegression) -> Predictor:
    return pretzel.compile(classifier)


FORMS = {
    "float64": lambda x: x,
    "float32": lambda x: x.astype("f4"),
    "big-endian": lambda x: x.astype(">f8"),
    "integers": lambda x: (x * 10).astype("i4"),
    "booleans": lambda x: x > 0,
    "fortran order": np.asfortranarray,
    "every second row": lambda x: x[::2],
    "unaligned": lambda x: np.frombuffer(b"." + x.tobytes(), offset=1).reshape(x.shape),
    "read-only": lambda x: np.frombuffer(x.tobytes()).reshape(x.shape),
    "lists": lambda x: x.tolist(),
    "object": lambda x: x.astype(object),
    "csr": sparse.csr_matrix,
    "csc": sparse.csc_array,
    "float32 coo": lambda x: sparse.coo_matrix(x.astype("f4")),
    "one row": lambda x: x[:1],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore")
def test_any_form_of_input(classifier: LogisticRegression, predictor: Predictor, form: str, method: str) -> None:
    x = FORMS[form](data(30))
    got, want = getattr(predictor, method)(x), getattr(classifier, method)(x)
    assert type(got) is np.ndarray and got.dtype == want.dtype and got.shape == want.shape
    if want.dtype.kind == "U":
        assert got.tolist() == want.tolist()
    else:
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("model", [StandardScaler(), MaxAbsScaler(), Normalizer("l1"), PCA(3), KMeans(3, n_init=1)])
def test_float32_results_are_those_of_the_library(model: Any, dtype: str) -> None:
    x = data().astype(dtype)
    model.fit(x)
    got, want = pretzel.compile(model).transform(x), model.transform(x)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5 if dtype == "f4" else 1e-9)


def test_sparse_results_are_scipy_matrices() -> None:
    x = sparse.random(40, 30, 0.2, "csr", random_state=0)
    model = MaxAbsScaler().fit(x)
    got, want = pretzel.compile(model).transform(x), model.transform(x)
    assert sparse.issparse(got) and got.format == "csr" and got.dtype == want.dtype
    np.testing.assert_array_equal(got.toarray(), want.toarray())


def test_sparse_input_stays_sparse_if_the_model_reads_it_sparse() -> None:
    random = np.random.default_rng(0)
    where = (np.arange(5000).repeat(2), random.integers(0, 200_000, 10_000))
    x = sparse.csr_matrix((random.normal(size=10_000), where), (5000, 200_000))  # 8 GB if dense
    model = TruncatedSVD(2)
    model.components_, model.n_features_in_ = np.random.default_rng(0).normal(size=(2, x.shape[1])), x.shape[1]
    got = pretzel.compile(model).transform(x)
    np.testing.assert_allclose(got, model.transform(x), rtol=1e-12)


def frame(rows: int = 50) -> pd.DataFrame:
    return pd.DataFrame(data(rows, 3), columns=["größe", "b c", "x"])


def test_frames_are_read_by_name() -> None:
    model = LinearRegression().fit(frame(), frame()["x"])
    served = pretzel.compile(model)
    assert served.feature_names_in_.tolist() == ["größe", "b c", "x"]
    for x in (frame(), frame()[["x", "größe", "b c"]], frame().to_numpy(), frame().astype("f4")):
        np.testing.assert_allclose(served.predict(x), frame()["x"], rtol=1e-5, atol=1e-6)


def test_a_frame_of_float32_is_computed_in_float32() -> None:
    model = StandardScaler().fit(frame())
    x = frame().astype("f4")
    got = pretzel.compile(model).transform(x)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, model.transform(x))


@pytest.mark.parametrize("targets", [1, 3])
def test_several_targets(targets: int) -> None:
    model = Ridge().fit(data(), data()[:, :targets])
    assert pretzel.compile(model).predict(data(9)).shape == model.predict(data(9)).shape


@pytest.mark.parametrize("classes", [[1, 5], [True, False], ["a", "b", "c"], np.array(["x", "y"], object)])
def test_labels_have_the_type_of_the_classes(classes: Any) -> None:
    model = LogisticRegression().fit(data(), targets(data(), classes))
    served = pretzel.compile(model)
    got, want = served.predict(data(20)), model.predict(data(20))
    assert got.dtype == want.dtype and served.classes_.dtype == model.classes_.dtype
    assert got.tolist() == want.tolist() and served.classes_.tolist() == model.classes_.tolist()


def test_methods_are_those_of_the_estimator(predictor: Predictor) -> None:
    assert not hasattr(predictor, "transform")
    with pytest.raises(AttributeError, match="no 'transform'; it has predict, decision_function"):
        predictor.transform(data())
    assert not hasattr(pretzel.compile(Ridge().fit(data(), data()[:, 0])), "classes_")


REFUSED = {
    "no rows": (lambda x: x[:0], "minimum of 1 is required"),
    "too wide": (lambda x: np.hstack([x, x]), "expected 7 features per row, got 14"),
    "one dimension": (lambda x: x[0], "reshape"),
    "texts": (lambda x: x.astype(str), "expected numbers"),
    "words": (lambda x: np.full(x.shape, "a", object), "expected f64"),
    "complex": (lambda x: x + 1j, "expected numbers, got complex128"),
    "NaN": (lambda x: np.where(x == x[2, 3], np.nan, x), r"contains NaN: row 2, column 3.*LogisticRegression"),
    "infinity": (lambda x: np.where(x == x[2, 3], np.inf, x), "contains infinity"),
    "sparse and too wide": (lambda x: sparse.csr_matrix(np.hstack([x, x])), "expected .*7.* got"),
    "no rows, sparse": (lambda x: sparse.csr_matrix(x[:0]), "minimum of 1 is required"),
    "nothing": (lambda x: None, ""),
}


@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame, sparse.csr_matrix], ids=["array", "frame", "sparse"])
def test_half_precision_is_rejected(form: Any) -> None:
    """Scikit-learn computes only some steps in the half precision of its input."""
    frame = form is pd.DataFrame
    fitted = MaxAbsScaler().fit(pd.DataFrame(data()) if frame else data())
    half = np.float16(data()) if form is not sparse.csr_matrix else data()
    X = form(half) if form is not sparse.csr_matrix else _half(sparse.csr_matrix(half))
    with pytest.raises(InputError, match="float16.*convert it to float32 first"):
        pretzel.compile(fitted).transform(X)


def _half(matrix: Any) -> Any:
    matrix.data = matrix.data.astype(np.float16)
    return matrix


@pytest.mark.parametrize("form", REFUSED)
@pytest.mark.filterwarnings("ignore")
def test_input_that_the_library_rejects_is_rejected(
    classifier: LogisticRegression, predictor: Predictor, form: str
) -> None:
    spoil, message = REFUSED[form]
    with pytest.raises((ValueError, TypeError)):
        classifier.predict(spoil(data(5)))
    with pytest.raises(InputError, match=message):
        predictor.predict(spoil(data(5)))


def test_the_callers_array_is_neither_returned_nor_changed() -> None:
    scaler = StandardScaler(with_mean=False, with_std=False).fit(data())
    x = data()
    got = pretzel.compile(scaler).transform(x)
    got[:] = 0
    np.testing.assert_array_equal(x, data())


def test_saved_and_loaded(tmp_path: Path, classifier: LogisticRegression, predictor: Predictor) -> None:
    predictor.save(tmp_path / "model.pretzel")
    loaded = pretzel.load(tmp_path / "model.pretzel")
    for method in METHODS:
        np.testing.assert_array_equal(getattr(loaded, method)(data(9)), getattr(predictor, method)(data(9)))
    assert loaded.predict(data(9).astype("f4")).tolist() == classifier.predict(data(9).astype("f4")).tolist()
    np.testing.assert_array_equal(loaded.predict_proba(sparse.csr_matrix(data(9))), predictor.predict_proba(data(9)))
    assert loaded.classes_.tolist() == classifier.classes_.tolist()


def test_a_predictor_is_saved_not_pickled(predictor: Predictor) -> None:
    with pytest.raises(TypeError, match=r"write it with save\(path\), and load it with pretzel.load"):
        pickle.dumps(predictor)
    assert copy.deepcopy({"model": predictor})["model"] is predictor


def test_a_damaged_file_is_rejected(tmp_path: Path, predictor: Predictor) -> None:
    path = tmp_path / "model.pretzel"
    predictor.save(path)
    path.write_bytes(path.read_bytes()[:-70])
    with pytest.raises(CorruptObjectError, match="model.pretzel"):
        pretzel.load(path)


def test_an_unsupported_estimator_is_rejected_by_name() -> None:
    class Mine(BaseEstimator):
        pass

    with pytest.raises(UnsupportedError, match="Mine cannot be served: it is not an estimator"):
        pretzel.compile(Mine())


def test_explain_shows_the_definition_and_the_plan(predictor: Predictor) -> None:
    text = predictor.explain()
    assert "Definition" in text and "= linear %" in text and "linear.dots" in text and "Rules" in text
    assert "LogisticRegression" in repr(predictor)
    assert "Where the time goes, measured" in predictor.explain(data(20))
    assert predictor.explain(format="svg").startswith("<svg")
    with pytest.raises(InputError, match="expected one of text"):
        predictor.explain(format="pdf")


def test_concurrent_threads(classifier: LogisticRegression) -> None:
    predictor, failures = pretzel.compile(classifier), []
    inputs = [data(n) for n in (1, 3, 500)]
    inputs += [x.astype("f4") for x in inputs] + [sparse.csr_matrix(x) for x in inputs]
    wants = [(classifier.predict(x), classifier.predict_proba(x)) for x in inputs]

    def work(start: int) -> None:
        for i in range(60):
            k = (start + i) % len(inputs)
            labels, proba = predictor.predict(inputs[k]), predictor.predict_proba(inputs[k])
            if labels.tolist() != wants[k][0].tolist() or not np.allclose(proba, wants[k][1], 1e-6, 1e-9):
                failures.append(k)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads) and not failures


@pytest.mark.parametrize("names", [["ham", "spam"], [3, 7]])
def test_results_for_several_targets_are_those_of_the_estimator(names: list[Any]) -> None:
    x = data()
    y = np.column_stack([targets(x, names), targets(x[:, ::-1], names)])
    fitted = RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0).fit(x, y)
    fast = pretzel.compile(fitted)
    np.testing.assert_array_equal(fast.predict(x), fitted.predict(x))
    assert fast.predict(x).dtype.kind == y.dtype.kind
    for method in ("predict_proba", "predict_log_proba"):
        got, want = getattr(fast, method)(x), getattr(fitted, method)(x)
        assert isinstance(got, list) and len(got) == 2
        for ours, theirs in zip(got, want, strict=True):  # NumPy's logarithm depends on the processor
            np.testing.assert_allclose(ours, theirs, rtol=0 if method == "predict_proba" else 1e-15)
    assert "predict_proba" in repr(fast) and "[" not in repr(fast)
    if isinstance(names[0], str):
        assert [table.tolist() for table in fast.classes_] == [table.tolist() for table in fitted.classes_]


@pytest.mark.parametrize("name", ["transform", "predict", "predict_proba"])
def test_empty_lists_of_documents_are_rejected(name: str):
    texts = ["a b", "b c", "c d", "d a"]
    model = make_pipeline(CountVectorizer(token_pattern="[a-d]"), *([] if name == "transform" else [DummyClassifier()]))
    predictor = pretzel.compile(model.fit(texts, [0, 1, 0, 1]))
    for empty in ([], (), np.array([], object), pd.Series([], dtype=object)):
        with pytest.raises(InputError, match="X: found 0 samples, while a minimum of 1 is required"):
            getattr(predictor, name)(empty)
