"""Values that transformers of feature_engine reject, limits of intervals, integers, and pipelines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("feature_engine")

from feature_engine import (
    creation,
    datetime,
    discretisation,
    encoding,
    imputation,
    outliers,
    selection,
    timeseries,
    transformation,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.feature_engine.data import GAPS, HOLES, KINDS, SOME, TABLE, TARGET
from tests.importers.sklearn.frames import assert_serves, cut, run

pytestmark = pytest.mark.filterwarnings("ignore")
del timeseries

REJECTED = {
    "log of zero": (transformation.LogTransformer(SOME), {"price": 0.0}),
    "log of a shifted number": (transformation.LogCpTransformer(SOME, C=1), {"price": -1.0}),
    "Box-Cox of a negative number": (transformation.BoxCoxTransformer(SOME), {"share": -0.5}),
    "reciprocal of zero": (transformation.ReciprocalTransformer(SOME), {"share": 0.0}),
    "arc sine beyond one": (transformation.ArcsinTransformer(["share"]), {"share": 1.5}),
    "missing before a function": (transformation.YeoJohnsonTransformer(SOME), {"share": np.nan}),
    "infinite before a cap": (outliers.Winsorizer(variables=SOME), {"price": np.inf}),
    "missing before intervals": (discretisation.EqualWidthDiscretiser(variables=SOME), {"price": np.nan}),
    "outside of all intervals": (
        discretisation.ArbitraryDiscretiser({"share": [0.0, 0.5, 1.0]}, errors="raise"),
        {"share": 1.5},
    ),
    "division by zero": (creation.RelativeFeatures(["price"], ["share"], ["div"]), {"share": 0.0}),
    "missing before a sum": (creation.MathFeatures(SOME, "sum"), {"share": np.nan}),
}


@pytest.mark.parametrize("case", REJECTED)
def test_values_that_the_library_rejects(case: str) -> None:
    transformer, values = REJECTED[case]
    definition = assert_serves(transformer.fit(TABLE), TABLE, sample=TABLE, batches=[80])
    rows = TABLE.iloc[:2].copy()
    for name, value in values.items():
        rows.loc[1, name] = value
    with pytest.raises(ValueError):
        transformer.transform(rows)
    with pytest.raises(InputError, match="row 1"):
        run(definition, cut(definition, rows))


@pytest.mark.parametrize("value", ["mauve", None])
def test_categories_that_encoders_reject(value: Any) -> None:
    encoder = encoding.MeanEncoder(unseen="raise").fit(KINDS, TARGET)
    definition = assert_serves(encoder, KINDS, sample=KINDS, batches=[80])
    rows = KINDS.iloc[:2].copy()
    rows.loc[1, "color"] = value
    with pytest.raises(ValueError):
        encoder.transform(rows)
    with pytest.raises(InputError, match="row 1"):
        run(definition, cut(definition, rows))


def test_limits_of_intervals_belong_to_the_interval_below() -> None:
    limits = [-1.0, 0.0, 0.25, 7.0]
    near = [np.nextafter(limit, side) for limit in limits for side in (-np.inf, np.inf)]
    rows = pd.DataFrame({"x": [*limits, *near, -9.0, 9.0]})
    for edges in (limits, [-np.inf, *limits], [*limits, np.inf], [-np.inf, *limits, np.inf]):
        transformer = discretisation.ArbitraryDiscretiser({"x": edges}).fit(rows)
        assert_serves(transformer, rows, sample=rows, exact=True, batches=[14])


@pytest.mark.parametrize(
    "transformer",
    [
        outliers.Winsorizer(variables=["hour"], tail="both", fold=0.5),
        imputation.MeanMedianImputer(),
        transformation.LogCpTransformer(["hour"]),
        creation.MathFeatures(["hour", "price"], ["sum", "mean", "max"]),
        creation.RelativeFeatures(["hour"], ["minute"], ["sub", "div", "floordiv", "mod"], fill_value=0),
        creation.CyclicalFeatures(["hour"]),
        discretisation.EqualFrequencyDiscretiser(q=4, variables=["hour"]),
    ],
    ids=lambda transformer: type(transformer).__name__,
)
def test_integers(transformer: Any) -> None:
    table = TABLE.assign(hour=TABLE["hour"].astype(int), minute=np.arange(len(TABLE)) % 7 - 3)
    assert_serves(transformer.fit(table), table, sample=table, batches=[1, 80])


@pytest.mark.parametrize(
    "transformer",
    [
        outliers.Winsorizer(variables=["hour"], tail="both", fold=0.5, add_indicators=True),
        imputation.AddMissingIndicator(missing_only=False),
        imputation.ArbitraryNumberImputer(0.1),
        transformation.LogTransformer(["price"]),
        creation.RelativeFeatures(["hour"], ["price"], ["sub", "div", "mod"], fill_value=0.1),
        creation.CyclicalFeatures(["hour"]),
    ],
    ids=lambda transformer: type(transformer).__name__,
)
def test_float32(transformer: Any) -> None:
    table = TABLE.astype(np.float32)
    assert_serves(transformer.fit(table), table, sample=table, batches=[1, 80], amplified=1e3)


def test_sums_of_float32_are_refused() -> None:
    table = TABLE.astype(np.float32)
    with pytest.raises(UnsupportedError, match="variables=.*pandas computes with float32"):
        export(creation.MathFeatures(SOME, "sum").fit(table), sample=table)


def test_a_pipeline_of_texts_and_numbers() -> None:
    model = make_pipeline(
        imputation.CategoricalImputer(),
        imputation.MeanMedianImputer(),
        imputation.AddMissingIndicator(missing_only=False, variables=["price"]),
        encoding.OneHotEncoder(variables=["color"]),
        encoding.CountFrequencyEncoder(variables=["size"], unseen="encode"),
        outliers.Winsorizer(variables=["price"]),
        selection.DropFeatures(["price_na"]),
        StandardScaler(),
        LogisticRegression(),
    ).fit(GAPS, TARGET)
    rows = pd.concat([GAPS, KINDS.assign(size="huge")], ignore_index=True)
    assert_serves(model, rows, sample=GAPS, batches=[1, 160])


def test_texts_beside_numbers_are_refused() -> None:
    imputer = imputation.CategoricalImputer().fit(GAPS)
    with pytest.raises(UnsupportedError, match="it returns both texts and numbers"):
        export(imputer, sample=GAPS)


@pytest.mark.parametrize(
    "transformer",
    [
        imputation.RandomSampleImputer(),
        imputation.DropMissingData(),
        outliers.OutlierTrimmer(),
        encoding.RareLabelEncoder(ignore_format=True),
        datetime.DatetimeOrdinal(),
    ],
    ids=lambda transformer: type(transformer).__name__,
)
def test_transformers_that_cannot_be_served_are_refused(transformer: Any) -> None:
    name = type(transformer).__name__
    with pytest.raises(UnsupportedError, match=f"{name.lower()}: feature_engine.*{name} cannot be served: it .*; "):
        export(transformer, sample=HOLES)


WHOLE = pd.DataFrame({"a": [250, 3, 7, 120, 90, 255], "b": [9, 200, 5, 100, 90, 1]})
KEPT = {
    "a cap between integers of Arrow": (outliers.ArbitraryOutlierCapper({"a": 100.5}), "int64[pyarrow]"),
    "a fraction filled into integers of Arrow": (imputation.ArbitraryNumberImputer(0.5), "int64[pyarrow]"),
    "a difference of integers without a sign": (creation.RelativeFeatures(["a"], ["b"], ["sub"]), "uint8"),
    "a product of small nullable integers": (creation.RelativeFeatures(["a"], ["b"], ["div", "mul"]), "UInt8"),
    "a sum of booleans": (creation.RelativeFeatures(["a"], ["b"], ["add"]), "bool"),
}


@pytest.mark.parametrize(("transformer", "dtype"), KEPT.values(), ids=KEPT)
def test_types_in_which_pandas_computes_other_values_are_rejected(transformer: Any, dtype: str) -> None:
    fitted = transformer.fit(WHOLE.astype(float))
    predictor = pretzel.compile(fitted, sample=WHOLE.astype(float))
    odd, plain = (WHOLE > 5 if dtype == "bool" else WHOLE for _ in range(2))
    odd, plain = odd.astype(dtype), plain.astype(float)
    if isinstance(fitted, imputation.ArbitraryNumberImputer):
        np.testing.assert_allclose(predictor.transform(odd), fitted.transform(odd).astype(float))
        odd.iloc[2, 0], plain.iloc[2, 0] = pd.NA, np.nan
    assert not np.allclose(fitted.transform(odd).astype(float), fitted.transform(plain).astype(float))
    with pytest.raises(InputError, match=rf"column 'a': {dtype.replace('[', '.')[:5]}.* returns other values"):
        predictor.transform(odd)
    np.testing.assert_allclose(predictor.transform(plain), fitted.transform(plain))
