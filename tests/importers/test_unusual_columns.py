"""NumPy functions and weights over unusual columns: the library's answers, or an error by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import VarianceThreshold
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import served

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")

RNG = np.random.default_rng(0)
WHOLE = [0, 1, 5, 15, 100, 127, -128, 255, 32767, 65535, 2**24 + 1, 2**24 + 3, 2**31 - 1, -(2**31), 2**53 - 1]
FRACTIONS = [0.0, 0.15, 0.25, 1.005, -2.5, 3.25, 100.125, 2.0**24 + 1]
ROWS = 16
TYPES = ("bool", "int8", "int64", "float32", "float64")
NULLABLE = {"bool": "boolean", "float32": "Float32", "float64": "Float64"}
FUNCTIONS: dict[str, FunctionTransformer] = {
    f"{function.__name__} {arguments or ''}{' ' + form if form else ''}": FunctionTransformer(
        function, kw_args=arguments, feature_names_out="one-to-one"
    ).set_output(transform=form or "default")
    for function, arguments, form in (
        (np.square, None, ""),
        (np.reciprocal, None, ""),
        (np.negative, None, ""),
        (np.log1p, None, ""),
        (np.isnan, None, ""),
        (np.nan_to_num, None, ""),
        (np.positive, None, "polars"),
        (np.round, {"decimals": 1}, ""),
        (np.round, {"decimals": -1}, ""),
        (np.clip, {"a_min": 0, "a_max": 100}, ""),
        (np.clip, {"a_min": -(2.0**32) + 0.5, "a_max": 1e16}, ""),
    )
}
STEPS: dict[str, Any] = FUNCTIONS | {
    "identity": FunctionTransformer(validate=True, feature_names_out="one-to-one").set_output(transform="polars"),
    "weight 2": ColumnTransformer([("part", "passthrough", [0, 1])], transformer_weights={"part": 2}),
    "weight 0.5": FeatureUnion([("part", FunctionTransformer())], transformer_weights={"part": 0.5}),
}


def column(kind: str) -> np.ndarray:
    if kind == "bool":
        return RNG.random(ROWS) > 0.5
    if kind.startswith("float"):
        return RNG.choice(FRACTIONS, ROWS).astype(kind)
    limits = np.iinfo(kind)
    return np.array([RNG.choice([v for v in WHOLE if limits.min <= v <= limits.max]) for _ in range(ROWS)], kind)


def nullable(values: np.ndarray, missing: np.ndarray) -> pd.Series:
    name = str(values.dtype)
    column = pd.Series(values).astype(NULLABLE.get(name, name.replace("uint", "UInt").replace("int", "Int")))
    return column.mask(pd.Series(missing))


def polars(name: str, values: np.ndarray, missing: np.ndarray) -> pl.Series:
    pairs = zip(values.tolist(), missing, strict=True)
    return pl.Series(name, [None if lost else value for value, lost in pairs], dtype=pl.Series(values).dtype)


def tables() -> Iterator[tuple[str, Any]]:
    """Yield tables of every two kinds of columns in each container, with and without missing values."""
    for i, first in enumerate(TYPES):
        for second in TYPES[i:]:
            a, b, name = column(first), column(second), f"{first}, {second}"
            for missing in (np.zeros(ROWS, bool), np.arange(ROWS) == 3):
                yield f"polars {name}", pl.DataFrame([polars("a", a, missing), polars("b", b, missing)])
                yield f"nullable {name}", pd.DataFrame({"a": nullable(a, missing), "b": nullable(b, missing)})
                yield f"half {name}", pd.DataFrame({"a": a, "b": nullable(b, missing)})
            yield f"pandas {name}", pd.DataFrame({"a": a, "b": b})
            yield f"array {name}", np.column_stack([a, b])


TABLES = list(tables())
ANSWERED = [f"{container} float64, float64" for container in ("array", "pandas", "polars")]
FITTED = np.array([*map(float, WHOLE), *FRACTIONS])
FITTED = np.column_stack([RNG.permutation(np.tile(FITTED, 4)), RNG.permutation(np.tile(FITTED, 4))])


def models(step: Any) -> Iterator[tuple[str, Any]]:
    """Yield the step before LightGBM, which reads arrays of integers in float32, and before a selector and LightGBM."""
    options = {"n_estimators": 2, "min_child_samples": 1, "min_data_in_bin": 1, "max_bin": 500, "n_jobs": 1}
    y = RNG.normal(size=len(FITTED))
    read = np.nan_to_num(np.asarray(step.fit(FITTED).transform(FITTED), float), posinf=1e30, neginf=-1e30)
    selector = VarianceThreshold().fit(FITTED).set_output(transform="polars")
    boosted = lightgbm.LGBMRegressor(**options, verbose=-1).fit(read, y)
    yield "boosted, fitted on an array", make_pipeline(step, boosted)
    step = clone(step).fit(pd.DataFrame(FITTED, columns=["a", "b"]))
    yield "selected", make_pipeline(step, selector, boosted)


def some_now(names: Iterable[str]) -> list[Any]:
    """Return the names as parameters, of which only every third runs in the quick tests: each takes about a second."""
    return [name if i % 3 == 0 else pytest.param(name, marks=pytest.mark.long) for i, name in enumerate(names)]


@pytest.mark.parametrize("name", some_now(STEPS))
def test_every_column_is_answered_like_the_library_or_refused(name: str) -> None:
    for what, model in models(STEPS[name]):
        predictor, definition = pretzel.compile(model), export(model)
        for form, X in TABLES:
            try:
                want = model.predict(X)
            except Exception:  # each library raises different errors
                continue
            for ask in (predictor.predict, lambda X, definition=definition: served(definition, X)["predict"]):
                if ask != predictor.predict and "float32" in form:
                    continue  # it computes in the type of its sample
                try:
                    got = ask(X)
                except (InputError, UnsupportedError) as refused:
                    assert form not in ANSWERED, str(refused)
                    continue
                np.testing.assert_allclose(got, want, rtol=2e-6, atol=1e-9, err_msg=f"{what}, {form}")
