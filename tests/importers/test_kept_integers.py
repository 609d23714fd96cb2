"""Estimators that keep results in the type of X, or multiply in it: exact over integers, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import VarianceThreshold
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, DotProduct
from sklearn.kernel_approximation import AdditiveChi2Sampler
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KernelCenterer, OrdinalEncoder, StandardScaler

import pretzel
from pretzel.errors import InputError, PretzelError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import served

RNG = np.random.default_rng(0)
X = np.vstack([RNG.integers(0, 20, (60, 2)), RNG.integers(10, 40, (60, 2))])
FRAME = pd.DataFrame(X, columns=["a", "b"])
Y = (X.sum(axis=1) > 40).astype(int)
MIXTURES = [(kind, form) for kind in (GaussianMixture, BayesianGaussianMixture) for form in ("full", "tied")]
KEEPING: dict[str, Callable[[], Any]] = {
    **{
        f"{kind.__name__} {form}": lambda kind=kind, form=form: kind(
            n_components=2, covariance_type=form, random_state=0
        )
        for kind, form in MIXTURES
    },
    **{f"chi2 {steps}": lambda steps=steps: AdditiveChi2Sampler(sample_steps=steps) for steps in (1, 2, 3)},
    "a pipeline": lambda: make_pipeline(AdditiveChi2Sampler(), LogisticRegression()),
    "selected": lambda: make_pipeline(VarianceThreshold(), GaussianMixture(2, random_state=0)),
    "passed": lambda: make_pipeline(make_column_transformer(("passthrough", [0, 1])), GaussianMixture(2)),
    "of codes": lambda: make_pipeline(OrdinalEncoder(dtype=np.int64), GaussianMixture(2, random_state=0)),
}
MULTIPLYING: dict[str, Callable[[], Any]] = {
    **{
        f"{kind.__name__} {form}": lambda kind=kind, form=form: kind(
            n_components=2, covariance_type=form, random_state=0
        )
        for kind in (GaussianMixture, BayesianGaussianMixture)
        for form in ("diag", "spherical")
    },
    "classifier": lambda: GaussianProcessClassifier(DotProduct() + RBF(), optimizer=None),
    "three classes": lambda: GaussianProcessClassifier(0.5 * DotProduct(), optimizer=None),
    "regressor": lambda: GaussianProcessRegressor(DotProduct() + RBF(), alpha=1.0, optimizer=None),
}
FORMS: dict[str, Any] = {
    **{name: X.astype(name) for name in ("float32", "float64", "int64", "int32", "uint32", "uint64", "int16", "uint8")},
    "int8": X.astype(np.int8),
    "bool": X > 15,
    "list": X.tolist(),
    "bools": (X > 15).tolist(),
    "table": FRAME,
    "int32 table": FRAME.astype(np.int32),
    "mixed table": FRAME.astype({"a": np.int32}),
    "half a table": FRAME.astype({"a": float}),
    "nullable": FRAME.astype("Int64"),
    "bool table": FRAME > 15,
    "half bool table": FRAME.assign(b=FRAME["b"] > 15),
    "csr": sparse.csr_array(X),
    "csr of floats": sparse.csr_array(X.astype(float)),
}
SMALL = ("int8", "uint8", "int16", "bool", "bools", "bool table", "half bool table")
METHODS = ("predict_proba", "score_samples", "predict", "transform")
BOUNDS = {"rtol": 1e-6, "atol": 1e-9}
SINGLE = {"rtol": 1e-5, "atol": 1e-5}


def methods_of(model: Any) -> list[str]:
    return [name for name in METHODS if hasattr(model, name)]


def answer(ask: Callable[[Any], Any], rows: Any) -> Any:
    """Return the library's answer as an array; None if it raises."""
    try:
        answered = ask(rows)
    except (ValueError, TypeError):
        return None
    return answered.toarray() if sparse.issparse(answered) else np.asarray(answered)


def assert_answers_or_refuses(model: Any, name: str, ask: Callable[[str, Any], Any], *, served_forms: Any) -> None:
    for form, rows in FORMS.items():
        for method in methods_of(model):
            want = answer(getattr(model, method), rows)
            if want is None:
                continue
            try:
                answered = ask(method, rows)
            except PretzelError as refused:
                assert form not in served_forms, (name, form, str(refused))
                assert "convert" in str(refused), (form, str(refused))
                continue
            got = answered.toarray() if sparse.issparse(answered) else np.asarray(answered)
            bounds = SINGLE if form == "float32" else BOUNDS
            np.testing.assert_allclose(got, want, **bounds, err_msg=f"{name}, {form}, {method}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("on", ["float64", "int64", "table"])
@pytest.mark.parametrize("name", KEEPING)
def test_in_process_results_are_truncated_like_the_library(name: str, on: str) -> None:
    model = KEEPING[name]().fit(FORMS[on], Y)
    predictor = pretzel.compile(model)
    wide = [form for form in FORMS if form not in SMALL]
    if name not in ("chi2 1", "GaussianMixture full", "GaussianMixture tied"):
        wide = [form for form in wide if not form.startswith("uint")]  # cosines below zero fit no unsigned type
    if name == "passed" or on == "table":
        wide.remove("csr")
    served_forms = wide if on == "table" else [form for form in wide if "table" not in form]
    assert_answers_or_refuses(
        model, name, lambda method, rows: getattr(predictor, method)(rows), served_forms=served_forms
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("sample", [None, "float64", "int64", "table"])
@pytest.mark.parametrize("name", KEEPING)
def test_as_deployed_integers_are_truncated_or_refused_by_name(name: str, sample: str | None) -> None:
    model = KEEPING[name]().fit(FORMS["table" if sample == "table" else "int64"], Y)
    definition = export(model, sample=None if sample is None else FORMS[sample])
    whole = sample in ("int64", "table")
    served_forms = (sample,) if whole else ("float32", "float64")
    assert_answers_or_refuses(
        model, name, lambda method, rows: served(definition, rows)[method], served_forms=served_forms
    )


@pytest.mark.parametrize("name", ["GaussianMixture full", "chi2 1"])
def test_the_case_distinguishes(name: str) -> None:
    model = KEEPING[name]().fit(X)
    for method in methods_of(model):
        if method != "predict":
            ask = getattr(model, method)
            assert np.abs(np.asarray(ask(X)) - np.asarray(ask(X.astype(float)))).max() > 0.01


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("on", ["float64", "int64", "int32", "table"])
@pytest.mark.parametrize("name", MULTIPLYING)
def test_integers_whose_products_do_not_wrap_are_floats(name: str, on: str) -> None:
    target = X[:, 0] % 3 if name == "three classes" else Y
    model = MULTIPLYING[name]().fit(FORMS[on], target)
    predictor, definition = pretzel.compile(model), export(model)
    forms = [form for form in FORMS if form not in SMALL and ("table" not in form or on == "table")]
    assert_answers_or_refuses(model, name, lambda method, rows: getattr(predictor, method)(rows), served_forms=forms)
    assert_answers_or_refuses(model, name, lambda method, rows: served(definition, rows)[method], served_forms=forms)


@pytest.mark.parametrize(("dtype", "large"), [("int32", 70_000), ("int64", 4 * 10**9), ("int8", 100), ("uint16", 300)])
@pytest.mark.parametrize("name", ["GaussianMixture diag", "GaussianMixture spherical", "classifier"])
def test_products_that_wrap_are_refused_by_row_and_type(name: str, dtype: str, large: int) -> None:
    model = MULTIPLYING[name]().fit(X.astype(float), Y)
    rows = X[:3].astype(dtype) % 4
    rows[1, 0] = large
    for ask in (pretzel.compile(model).predict_proba, lambda rows: served(export(model), rows)):
        with pytest.raises(InputError, match=f"{dtype}.* wrap around; convert it to float64"):
            ask(rows)
        ask(rows[:1])


def test_values_outside_the_type_are_refused() -> None:
    model = GaussianMixture(2, random_state=0).fit(X)
    rows = np.array([[3, 4], [100_000_000, 7]], np.int32)
    with pytest.raises(InputError, match="int32, which does not hold this one; convert it to float64 first: row 1"):
        pretzel.compile(model).predict_proba(rows)


def test_integers_from_a_previous_step() -> None:
    """Codes are integers for any X, so that integers and floats of the input make no difference."""
    model = make_pipeline(OrdinalEncoder(dtype=np.int8), GaussianMixture(2, random_state=0)).fit(X % 5)
    np.testing.assert_allclose(pretzel.compile(model).predict_proba(X % 5), model.predict_proba(X % 5), **BOUNDS)
    small = make_pipeline(OrdinalEncoder(dtype=np.int8), AdditiveChi2Sampler()).fit(X)
    with pytest.raises(UnsupportedError, match=r"additivechi2sampler: .* logarithm of int8"):
        pretzel.compile(small)


def test_scaled_integers_are_floats() -> None:
    model = make_pipeline(StandardScaler(), GaussianMixture(2, random_state=0)).fit(X)
    definition = export(model, sample=X)
    assert "typed" not in definition.metadata
    np.testing.assert_allclose(served(definition, X)["predict_proba"], model.predict_proba(X), **BOUNDS)


@pytest.mark.parametrize("dtype", ["int64", "float32", "float64"])
def test_kernels_centered_in_the_type_of_x(dtype: str) -> None:
    kernels = (X[:9] @ X[:9].T).astype(np.float32) / 3
    model, rows = KernelCenterer().fit(kernels), kernels.round().astype(dtype)
    bounds = {"rtol": 1e-6, "atol": 1e-3} if dtype == "float32" else {"rtol": 1e-12, "atol": 1e-10}
    np.testing.assert_allclose(pretzel.compile(model).transform(rows), model.transform(rows), **bounds)
