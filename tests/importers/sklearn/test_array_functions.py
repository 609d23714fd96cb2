"""NumPy's and SciPy's functions give NumPy's and SciPy's values and types, or are refused by name."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special
from scipy.sparse import csr_matrix
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from pretzel.importers.sklearn.preprocessing.array_functions import HANDLERS, OVER_SPARSE, UFUNCS
from tests.importers.sklearn.frames import assert_serves

ODD = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.5,
    1e300,
    -1e300,
    5e-324,
    np.nan,
    np.inf,
    -np.inf,
    4503599627370497.5,
]
RANDOM = np.random.default_rng(0).normal(scale=3.0, size=(40, 2))
X = np.vstack([np.array(ODD).reshape(-1, 2), RANDOM, RANDOM / 1e3, RANDOM * 1e3, np.abs(RANDOM) / 10])
EXACT = (np.abs, np.ceil, np.fabs, np.floor, np.negative, np.reciprocal, np.rint, np.sign, np.sqrt, np.square, np.trunc)
EXACT += (np.isnan, np.isinf, np.isfinite, np.signbit, np.float32, np.float64, np.array, np.asarray, np.nan_to_num)


def close(got: Any, want: Any, exact: bool) -> None:
    """Fail unless values, types, infinities and NaN are NumPy's."""
    want = np.asarray(want)
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    relative = 0.0 if exact else 1e-6 if want.dtype == np.float32 else 1e-14
    np.testing.assert_allclose(got, want, rtol=relative, atol=0 if exact else 1e-300)
    if exact and want.dtype.kind == "f":
        np.testing.assert_array_equal(np.signbit(got), np.signbit(want))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("function", HANDLERS, ids=lambda f: f.__name__)
def test_every_function(function: Any, dtype: Any) -> None:
    x = X.astype(dtype)
    if function in (np.cos, np.sin, np.tan) and dtype == np.float32:
        x = x[np.abs(x).max(axis=1) < 1e4]  # NumPy's float32 is inaccurate beyond
    transformer = FunctionTransformer(
        function, kw_args={"a_min": None, "a_max": 1.0} if function is np.clip else None
    ).fit(x)
    close(pretzel.compile(transformer).transform(x), transformer.transform(x), function in EXACT)


ARGUMENTS: list[tuple[Any, dict[str, Any]]] = [
    (np.clip, {"a_min": 0, "a_max": 1}),
    (np.clip, {"a_min": None, "a_max": [0.5, -1.0]}),
    (np.clip, {"a_min": np.array([0.1, -2.0], np.float32), "a_max": None}),
    (np.clip, {"a_min": np.float64(0.1), "a_max": 3}),
    (np.clip, {"a_min": 2.0, "a_max": 1.0}),
    (np.clip, {"a_min": -np.inf, "a_max": 0.1}),
    (np.nan_to_num, {"nan": -1.5, "posinf": 3, "neginf": 0.1}),
    (np.nan_to_num, {"nan": 0.1}),
    (np.round, {}),
    (np.round, {"decimals": 2}),
    (np.around, {"decimals": -2}),
    (np.round, {"decimals": 15}),
    (np.asarray, {"dtype": "float32"}),
    (np.array, {"dtype": float, "copy": True}),
    (np.floor, {"dtype": np.float64}),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("function", "arguments"), ARGUMENTS)
def test_arguments_that_change_what_is_computed(function: Any, arguments: dict[str, Any], dtype: Any) -> None:
    x = X[2:].astype(dtype)  # the sign of a zero that equals a bound is undefined
    for transformer in (
        FunctionTransformer(function, kw_args=arguments).fit(x),
        FunctionTransformer(partial(function, **arguments)).fit(x),
    ):
        close(pretzel.compile(transformer).transform(x), transformer.transform(x), True)


@pytest.mark.parametrize(("function", "arguments"), [(np.clip, {"min": 0, "max": 1}), (np.clip, {"min": 0.5})])
def test_the_newer_names_of_bounds(function: Any, arguments: dict[str, Any]) -> None:
    transformer = FunctionTransformer(function, kw_args=arguments).fit(RANDOM)
    try:
        want = transformer.transform(RANDOM)
    except TypeError:
        pytest.skip("this NumPy does not know them")
    close(pretzel.compile(transformer).transform(RANDOM), want, True)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", OVER_SPARSE, ids=lambda f: f.__name__)
def test_sparse_rows(function: Any) -> None:
    x = csr_matrix(np.where(np.abs(RANDOM) > 2, RANDOM, 0.0))
    transformer = FunctionTransformer(function, accept_sparse=True).fit(x)
    got, want = pretzel.compile(transformer).transform(x), transformer.transform(x)
    np.testing.assert_array_equal(got.indices, want.indices)
    close(got.data, want.data, False)


def test_tables() -> None:
    table = pd.DataFrame(RANDOM, columns=["a", "b"])
    for function, arguments in [(np.isnan, {}), (np.clip, {"a_min": 0, "a_max": 1}), (np.round, {"decimals": 1})]:
        transformer = FunctionTransformer(function, kw_args=arguments).fit(table)
        assert_serves(transformer, table, sample=table, exact=True)


def test_before_trees_and_after_scalers() -> None:
    y = RANDOM[:, 0]
    for function in (np.floor, np.sign, np.arctan, np.isfinite, partial(np.clip, a_min=-1, a_max=1)):
        step = ColumnTransformer([("f", FunctionTransformer(function), [0])], remainder="passthrough")
        model = make_pipeline(StandardScaler(), step, DecisionTreeRegressor(max_depth=4)).fit(RANDOM, y)
        assert_serves(model, RANDOM, exact=True)


@pytest.mark.parametrize(
    ("there", "back"),
    [(np.cbrt, lambda: None), (np.log2, np.exp2), (np.arcsinh, np.sinh), (special.logit, special.expit)],
)
def test_targets_are_transformed_back(there: Any, back: Any) -> None:
    y = 0.1 + 0.8 * special.expit(RANDOM[:, 0])
    model = TransformedTargetRegressor(LinearRegression(), func=there, inverse_func=back, check_inverse=False)
    if not isinstance(back, np.ufunc):
        with pytest.raises(UnsupportedError, match="inverse_func"):
            export(model.fit(RANDOM, y))
        return
    assert_serves(model.fit(RANDOM, y), RANDOM)


def test_arguments_of_an_inverse() -> None:
    clipped = FunctionTransformer(np.log2, np.clip, inv_kw_args={"a_min": 0.2, "a_max": 0.4}, check_inverse=False)
    model = TransformedTargetRegressor(LinearRegression(), transformer=clipped)
    assert_serves(model.fit(RANDOM, 2.0 ** RANDOM[:, 0] / 10), RANDOM)


@pytest.mark.parametrize(
    ("function", "arguments", "problem"),
    [
        (np.maximum, {"x2": 3}, "func=.*the function is not supported; use one of NumPy's or SciPy's absolute, "),
        (partial(np.maximum, 3.0), None, "the function is not supported"),
        (np.exp, {"where": [True, False]}, "kw_args=.*it is not served with the argument 'where' of exp; leave it out"),
        (np.exp, {"dtype": "float16"}, "not served with dtype='float16'; use float32 or float64"),
        (np.exp, {"dtype": "what"}, "not served with dtype='what'"),
        (np.clip, {"a_min": np.nan, "a_max": 1}, "not served with a_min=nan; give a number, or one for each column"),
        (np.clip, {"a_min": RANDOM, "a_max": 1}, r"not served with a_min=<ndarray of shape \(40, 2\)>; give"),
        (np.clip, {"a_min": 1, "a_max": None, "out": RANDOM}, "the argument 'out' of clip"),
        (np.round, {"decimals": 1.5}, "not served with decimals=1.5;"),
        (np.nan_to_num, {"nan": np.inf}, "inf in place of nan; give a finite number"),
    ],
)
def test_what_is_refused(function: Any, arguments: Any, problem: str) -> None:
    with pytest.raises(UnsupportedError, match=problem):
        export(FunctionTransformer(function, kw_args=arguments).fit(RANDOM))


class Equal:
    """A callable that claims to be each of NumPy's functions."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return True

    def __call__(self, x: Any) -> Any:
        return x + 1


def test_a_callable_that_equals_everything_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="the function is not supported"):
        export(FunctionTransformer(Equal()).fit(RANDOM))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ["int64", "int32", "int16", "int8", "uint8", "uint64", "bool"])
@pytest.mark.parametrize("function", UFUNCS, ids=lambda f: f.__name__)
def test_integers_are_answered_as_numpy_does_or_refused(function: Any, dtype: str) -> None:
    x = np.array([[1, 2], [0, 100], [3, 16]]).astype(dtype)
    transformer = FunctionTransformer(function).fit(x)
    whole = pretzel.compile(transformer)
    named = pd.DataFrame(x, columns=["a", "b"])
    for predictor, rows in ((whole, x), (pretzel.compile(transformer.fit(named)), named)):
        try:
            got = predictor.transform(rows)
        except (InputError, UnsupportedError) as error:
            assert re.search(f"(of|with|for) {dtype}", str(error)), error
            continue
        np.testing.assert_allclose(got, np.asarray(transformer.transform(rows), float), rtol=1e-6)


def test_integers_of_unsupported_functions_are_refused() -> None:
    x = np.array([[2, 3], [4, 5]])
    scaled = make_pipeline(StandardScaler(), FunctionTransformer(np.reciprocal)).fit(x)
    np.testing.assert_allclose(pretzel.compile(scaled).transform(x), scaled.transform(x))
    only_second = ColumnTransformer([("f", FunctionTransformer(np.reciprocal), [1])], remainder="passthrough").fit(x)
    with pytest.raises(UnsupportedError, match=r"reciprocal of int64 is computed by other rules than of floats"):
        pretzel.compile(only_second).transform(x)
    assert pretzel.compile(only_second).transform(x.astype(float)).tolist() == [[1 / 3, 2], [0.2, 4]]


@pytest.mark.parametrize("rows", [[[True, False]], [[1, True], [0, False]], ((True, True), (False, True))])
def test_lists_of_booleans_are_read_as_numpy_reads_them(rows: Any) -> None:
    """NumPy computes logarithms of booleans in float16; booleans next to integers are integers."""
    table = pd.DataFrame(np.abs(RANDOM), columns=["a", "b"])
    model = make_pipeline(FunctionTransformer(np.log1p), LinearRegression()).fit(table, RANDOM[:, 0])
    predictor = pretzel.compile(model)
    if np.asarray(rows).dtype == bool:
        with pytest.raises(InputError, match="numpy.log1p returns other values for bool"):
            predictor.predict(rows)
    else:
        np.testing.assert_allclose(predictor.predict(rows), model.predict(rows), rtol=1e-12)
