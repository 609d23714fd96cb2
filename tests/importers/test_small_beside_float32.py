"""Small integers next to float32: scikit-learn converts the columns that a step reads together to float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, OrdinalEncoder, PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import pretzel
from pretzel.errors import InputError
from pretzel.importers import export
from tests.importers.sklearn.frames import assert_serves, served

pytestmark = pytest.mark.filterwarnings("ignore:X has feature names", "ignore:X does not have valid feature names")

RNG = np.random.default_rng(0)
ROWS = 300
TABLE = pd.DataFrame(
    {
        "a": RNG.normal(size=ROWS).astype("f4"),
        "b": RNG.normal(size=ROWS).astype("f4"),
        "i": RNG.integers(-99, 99, ROWS).astype("i1"),
        "j": RNG.integers(0, 9, ROWS).astype("i2"),
        "t": RNG.random(ROWS) > 0.5,
    }
)
YES = (TABLE["a"] + TABLE["i"] / 99 + RNG.normal(size=ROWS) > 0).astype(int)
FORMS: dict[str, pd.DataFrame] = {
    "float32, int8, int16, bool": TABLE,
    "float64": TABLE.astype("f8"),
    "one int64": TABLE.astype({"i": "i8"}),
    "one Int8": TABLE.astype({"i": "Int8"}),
    "one Float32": TABLE.astype({"a": "Float32"}),
    "one float64": TABLE.astype({"b": "f8"}),
    "uint16": TABLE.astype({"j": "u2"}),
    "boolean": TABLE.astype({"t": "boolean"}),
    "integers alone": TABLE.astype({"a": "i1", "b": "i1"}),
}


def parts() -> ColumnTransformer:
    return ColumnTransformer(
        [
            ("mixed", StandardScaler(), [0, 2]),
            ("alone", MinMaxScaler(), [2]),
            ("whole", StandardScaler(), [2, 3, 4]),
            ("same", "passthrough", [3, 4]),
            ("single", StandardScaler(), [1]),
        ]
    )


STEPS: dict[str, Callable[[], Any]] = {
    "scaler": StandardScaler,
    "by columns": parts,
    "by columns as tables": lambda: parts().set_output(transform="pandas"),
    "means": SimpleImputer,
    "modes": lambda: SimpleImputer(strategy="most_frequent"),
    "union": lambda: FeatureUnion([("scaler", StandardScaler()), ("components", PCA(2))]),
    "products": lambda: PolynomialFeatures(2),
    "codes": lambda: ColumnTransformer([("codes", OrdinalEncoder(), [2, 3]), ("scaler", StandardScaler(), [0, 2])]),
    "bins": lambda: KBinsDiscretizer(5, encode="ordinal", quantile_method="averaged_inverted_cdf"),
}


@pytest.mark.parametrize("named", [True, False], ids=["by name", "by position"])
@pytest.mark.parametrize("name", STEPS)
def test_in_process_each_step_reads_the_type_of_its_columns(name: str, named: bool) -> None:
    model = STEPS[name]().fit(TABLE if named else TABLE.astype("f4").to_numpy())
    predictor = pretzel.compile(model)
    for form, X in FORMS.items():
        want = np.asarray(model.transform(X))
        if name == "modes" and want.dtype != np.float32:  # integers or objects, covered by other tests
            continue
        got = np.asarray(predictor.transform(X))
        np.testing.assert_allclose(got.astype(float), want.astype(float), rtol=1e-6, atol=1e-6, err_msg=form)
        assert got.dtype == want.dtype or want.dtype == object, form


@pytest.mark.parametrize("named", [True, False], ids=["by name", "by position"])
def test_trees_after_a_scaler_take_the_branches_of_the_library(named: bool) -> None:
    model = make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0))
    predictor = pretzel.compile(model.fit(TABLE if named else TABLE.astype("f4").to_numpy(), YES))
    for form, X in FORMS.items():
        np.testing.assert_array_equal(predictor.predict_proba(X), model.predict_proba(X), err_msg=form)
    with pytest.raises(InputError, match="float16.*convert it to float32 first"):
        predictor.predict(TABLE.astype({"j": "f2"}))


@pytest.mark.parametrize("name", STEPS)
def test_a_sample_of_such_a_table_settles_float32(name: str) -> None:
    model = make_pipeline(STEPS[name](), DecisionTreeClassifier(random_state=0)).fit(TABLE, YES)
    definition = assert_serves(model, TABLE, sample=TABLE, batches=(1, ROWS))
    if name != "modes":  # integers stay integers there
        assert {str(node.type) for node in definition.inputs} == {"f32"}


def test_such_a_sample_permits_missing_values() -> None:
    model = make_pipeline(SimpleImputer(), StandardScaler()).fit(TABLE)
    missing = TABLE.assign(i=TABLE["i"].where(TABLE["i"] > 0).astype("f4"))
    got = served(export(model, sample=TABLE), missing)["transform"]
    np.testing.assert_allclose(got, model.transform(missing), rtol=1e-6, atol=1e-6)


def test_a_table_of_float32_settles_the_type_of_a_matrix() -> None:
    table = TABLE[["a", "b"]]
    definition = export(StandardScaler().fit(table.to_numpy()), sample=table)
    assert [str(node.type) for node in definition.inputs] == ["f32[2]"]
