"""One text for missing values of texts, numbers and booleans, before an encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

import pretzel
from pretzel.errors import InputError, UnsupportedError
from pretzel.importers import export
from tests.importers.sklearn.frames import served

pytestmark = pytest.mark.filterwarnings("ignore")

NAN = float("nan")
Y = np.array([0, 1, 0, 1])
TABLE = pd.DataFrame(
    {"s": ["p", "q", "p", "q"], "n": [1, 2, 3, 1], "b": [True, False, True, True], "f": [0.5, 2, 2, 1]}
)
REQUESTS: dict[str, pd.DataFrame] = {
    "as fitted": TABLE,
    "missing texts": TABLE.assign(s=["p", NAN, None, "other"]),
    "missing numbers": TABLE.assign(n=[NAN, 2, 3, 1], f=[NAN, NAN, 2, 7]),
    "missing booleans": TABLE.assign(b=pd.Series([True, NAN, None, False], dtype=object)),
    "None among numbers": TABLE.assign(n=pd.Series([None, NAN, 3, 9], dtype=object)),
    "NA": TABLE.assign(n=pd.array([1, None, 3, 2], dtype="Int64")),
}
REFUSED = ("all values are None", "does not take as missing")
ENCODERS: dict[str, Any] = {
    "one-hot": OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "infrequent": OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2, sparse_output=False),
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "target": TargetEncoder(random_state=0),
    "strict": OneHotEncoder(sparse_output=False),
}


@pytest.mark.parametrize("columns", [["s", "n"], ["s", "b"], ["n", "s", "b", "f"]], ids=str)
@pytest.mark.parametrize("marker", [NAN, None, pd.NA], ids=["NaN", "None", "NA"])
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("form", ["default", "pandas"])
def test_columns_of_several_kinds_are_filled_with_a_text(
    form: str, encoder: str, marker: Any, columns: list[str]
) -> None:
    imputer = SimpleImputer(strategy="constant", fill_value="missing", missing_values=marker)
    model = make_pipeline(imputer, ENCODERS[encoder]).set_output(transform=form).fit(TABLE[columns], Y)
    predictor, definition = pretzel.compile(model), export(model, sample=TABLE[columns])
    answered = 0
    for name, request in REQUESTS.items():
        X = request[columns]
        try:
            want = np.asarray(model.transform(X))
        except (TypeError, ValueError):
            continue
        for ask in (predictor.transform, lambda X: served(definition, X)["transform"]):
            try:
                got = ask(X)
            except InputError as refused:  # NA, although the imputer matches only NaN
                assert name == "NA" or any(reason in str(refused) for reason in REFUSED), (name, str(refused))
                continue
            answered += 1
            np.testing.assert_array_equal(got, want, err_msg=name)
    assert answered >= 2


def test_without_a_following_encoder_the_imputer_is_named() -> None:
    imputer = SimpleImputer(strategy="constant", fill_value="missing")
    parts = ColumnTransformer([("s", OneHotEncoder(), [0]), ("n", StandardScaler(), [1])])
    model = make_pipeline(imputer, parts).fit(TABLE[["s", "n"]])
    with pytest.raises(
        UnsupportedError, match="pipeline.simpleimputer: .*fill_value='missing'.*it fills numbers with texts; impute"
    ):
        export(model, sample=TABLE[["s", "n"]])


def test_texts_filled_with_a_number_are_refused() -> None:
    model = make_pipeline(SimpleImputer(strategy="constant", fill_value=0), ENCODERS["one-hot"]).fit(TABLE[["s", "n"]])
    with pytest.raises(UnsupportedError, match="pipeline.simpleimputer: .*fill_value=0.*it fills texts with numbers"):
        pretzel.compile(model)
