"""None among texts that pandas puts into a table between steps: NaN since pandas 3, if a text is in the column."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, TargetEncoder

import pretzel
from pretzel.errors import InputError
from pretzel.importers import export
from tests.importers.sklearn.frames import served

pytestmark = pytest.mark.filterwarnings("ignore")

NAN = float("nan")
Y = np.array([0, 1, 0, 1, 1, 0, 1, 1])
COLUMNS: dict[str, list[Any]] = {
    "None and NaN": [None, NAN, "p", "q", "p", "q", "p", None],
    "None": [None, "r", "p", "q", "p", "q", "p", None],
    "NaN": [NAN, "r", "p", "q", "p", "q", "p", NAN],
    "full": ["p", "r", "p", "q", "p", "q", "p", "r"],
}
FRAMES = {name: pd.DataFrame({"a": pd.Series(values, dtype=object)}) for name, values in COLUMNS.items()}
FRAMES |= {f"{name}, numbers": frame.assign(n=[1, 2, 3, 1, 2, 3, 1, 2]) for name, frame in list(FRAMES.items())}
IMPUTERS = {
    "most frequent": SimpleImputer(strategy="most_frequent"),
    "constant": SimpleImputer(strategy="constant", fill_value="zz"),
    "for None": SimpleImputer(strategy="most_frequent", missing_values=None),
    "for NA": SimpleImputer(strategy="most_frequent", missing_values=pd.NA),
    "for a text": SimpleImputer(strategy="most_frequent", missing_values="q"),
}
ENCODERS: dict[str, Callable[[], Any]] = {
    "one-hot": lambda: OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "ordinal": lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "target": lambda: TargetEncoder(random_state=0),
}


def fitted(model: Any, X: Any) -> Any:
    """Return the fitted model; None if the library rejects the values."""
    try:
        return model.fit(X, Y)
    except (TypeError, ValueError):
        return None


def answer(model: Any, X: Any) -> Any:
    try:
        return np.asarray(model.transform(X), float)
    except (TypeError, ValueError):
        return None


@pytest.mark.parametrize("form", ["default", "pandas", "polars"])
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("imputer", IMPUTERS)
def test_none_left_by_an_imputer_is_read_as_the_library_reads_it(imputer: str, encoder: str, form: str) -> None:
    tried = 0
    for fit, frame in FRAMES.items():
        if imputer == "for a text" and "n" in frame:
            continue  # not a number
        model = fitted(make_pipeline(IMPUTERS[imputer], ENCODERS[encoder]()).set_output(transform=form), frame)
        if model is None:
            continue
        predictor, definition = pretzel.compile(model), export(model, sample=frame)
        for rows in (rows for rows in FRAMES.values() if rows.shape[1] == frame.shape[1]):
            want = answer(model, rows)
            if want is not None:
                tried += 1
                np.testing.assert_array_equal(predictor.transform(rows), want, err_msg=fit)
                np.testing.assert_array_equal(served(definition, rows)["transform"], want, err_msg=fit)
    assert tried


def test_none_alone_is_refused_where_the_batch_decides() -> None:
    frame = FRAMES["None and NaN"]
    model = make_pipeline(IMPUTERS["most frequent"], ENCODERS["one-hot"]()).set_output(transform="pandas").fit(frame)
    if pd.__version__ < "3":
        pytest.skip("None stays None in pandas 2")
    assert (model.transform(frame).iloc[:1].to_numpy() != model.transform(frame[:1]).to_numpy()).any()
    for ask in (pretzel.compile(model).transform, lambda X: served(export(model), X)):
        for X in (frame[:1], [{"a": None}]):
            with pytest.raises(InputError, match="column 'a': row 0: all values are None.*replace it by NaN"):
                ask(X)


PASSING: dict[str, Callable[[], Any]] = {
    "passthrough": lambda: ColumnTransformer([("p", "passthrough", [0])]),
    "identity": lambda: FunctionTransformer(feature_names_out="one-to-one"),
    "union": lambda: FeatureUnion([("a", FunctionTransformer(feature_names_out="one-to-one"))]),
}


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("named", [True, False], ids=["by name", "by position"])
def test_none_of_an_array_that_becomes_a_table_is_refused(name: str, named: bool) -> None:
    frame = FRAMES["None and NaN"]
    model = make_pipeline(PASSING[name]().set_output(transform="pandas"), ENCODERS["one-hot"]())
    model.fit(frame if named else frame.to_numpy())
    predictor = pretzel.compile(model)
    np.testing.assert_array_equal(predictor.transform(frame), np.asarray(model.transform(frame)))
    for X in (frame.to_numpy(), frame.to_numpy().tolist()):
        with pytest.raises(
            InputError, match="row 0: None in an array that pandas converts to a table.*replace it by NaN"
        ):
            predictor.transform(X)
    full = FRAMES["NaN"].to_numpy()
    np.testing.assert_array_equal(predictor.transform(full), np.asarray(model.transform(full)))
