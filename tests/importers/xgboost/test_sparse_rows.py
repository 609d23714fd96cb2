"""Sparse rows, dense rows and tables of sparse columns: the values that XGBoost reads as missing after other steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler

import pretzel
from pretzel.errors import InputError
from pretzel.local import Predictor

DENSE = np.where(np.random.default_rng(0).random((200, 6)) < 0.5, 0.0, np.random.default_rng(1).random((200, 6)))
ROWS = scipy.sparse.csr_matrix(DENSE)
STORED = ROWS.copy()
STORED.data[::3] = 0.0
TARGET = (DENSE.sum(axis=1) > 1.2).astype(int)
TABLE = pd.DataFrame.sparse.from_spmatrix(ROWS)
NAMED = pd.DataFrame.sparse.from_spmatrix(ROWS, columns=list("abcdef"))
FORMS = {
    "dense": DENSE,
    "csr": ROWS,
    "stored zeros": STORED,
    "csc": ROWS.tocsc(),
    "float32": ROWS.astype("f4"),
    "sparse table": TABLE,
    "named": NAMED,
    "table": TABLE.sparse.to_dense(),
}
SCALED = ("m", MaxAbsScaler(), [0])
DENSE_MAKERS = {
    "passthrough": ColumnTransformer([("p", "passthrough", [0, 1, 2])]),
    "remainder": ColumnTransformer([("d", "drop", [3])], remainder="passthrough"),
    "MaxAbsScaler": ColumnTransformer([SCALED, ("p", "passthrough", [1, 2])]),
    "sparse_threshold": ColumnTransformer([SCALED, ("p", "passthrough", [1, 2])], sparse_threshold=0),
}


def fitted(step: Any, x: Any) -> Pipeline:
    return make_pipeline(step, xgboost.XGBClassifier(n_estimators=8, n_jobs=1)).fit(x, TARGET)


def assert_alike(model: Any, predictor: Predictor, x: Any) -> None:
    np.testing.assert_allclose(predictor.predict_proba(x), model.predict_proba(x), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("form", ["dense", "csr", "stored zeros", "csc", "float32"])
@pytest.mark.parametrize("name", DENSE_MAKERS)
def test_dense_output_of_a_column_transformer_has_zeros_for_entries_not_stored(name: str, form: str):
    model = fitted(DENSE_MAKERS[name], DENSE if name != "sparse_threshold" else ROWS)
    assert not model[0].sparse_output_
    assert_alike(model, pretzel.compile(model), FORMS[form])
    if form != "float32":
        assert_alike(model, Predictor(pretzel.export(model, sample=ROWS[:20])), FORMS[form])


def test_sparse_output_of_a_column_transformer_keeps_stored_zeros():
    model = fitted(ColumnTransformer([SCALED, ("p", "passthrough", [1, 2])], sparse_threshold=1), ROWS)
    assert model[0].sparse_output_
    assert_alike(model, pretzel.compile(model), STORED)
    assert (model.predict_proba(STORED) != model.predict_proba(ROWS)).any()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("step", [MaxAbsScaler(), TfidfTransformer(), TfidfTransformer(norm=None)])
def test_rows_are_read_in_their_form(step: Any, form: str):
    for x in (DENSE, ROWS, TABLE):
        model = fitted(step, x)
        assert_alike(model, pretzel.compile(model), FORMS[form])


def test_definitions_with_term_weights_make_dense_rows_sparse():
    model = fitted(TfidfTransformer(), DENSE)
    assert_alike(model, Predictor(pretzel.export(model)), DENSE)
    assert scipy.sparse.issparse(pretzel.compile(model[0]).transform(DENSE))


@pytest.mark.parametrize("step", [MaxAbsScaler(), TfidfTransformer()])
def test_definitions_reject_rows_of_the_other_form(step: Any):
    model = fitted(step, ROWS)
    for_dense, for_sparse = Predictor(pretzel.export(model)), Predictor(pretzel.export(model, sample=ROWS[:20]))
    for x in (ROWS, TABLE):
        assert_alike(model, for_sparse, x)
        with pytest.raises(InputError, match=r"distinguishes a stored zero .* or X.toarray\(\)|X.sparse.to_dense\(\)"):
            for_dense.predict_proba(x)
    for y in (DENSE, FORMS["table"], DENSE.tolist()):
        assert_alike(model, for_dense, y)
        with pytest.raises(InputError, match=r"exported for sparse ones, and .* pass scipy.sparse.csr_matrix\(X\)"):
            for_sparse.predict_proba(y)


def test_models_with_named_columns_reject_tables_of_sparse_columns():
    model = fitted(MaxAbsScaler(), NAMED)
    predictor = pretzel.compile(model)
    with pytest.raises(InputError, match=r"a table of sparse columns, .* pass X.sparse.to_dense\(\)"):
        predictor.predict_proba(NAMED)
    assert_alike(model, predictor, NAMED.sparse.to_dense())
    mixed = NAMED.assign(a=NAMED["a"].sparse.to_dense())
    assert_alike(model, predictor, mixed)


def test_sparse_columns_with_a_nonzero_fill_value_are_rejected():
    ones = pd.DataFrame({name: pd.arrays.SparseArray([1.0, 2.0], fill_value=1.0) for name in range(6)})
    predictor = pretzel.compile(fitted(MaxAbsScaler(), ROWS))
    with pytest.raises(InputError, match="cannot convert a table of sparse columns to a sparse matrix"):
        predictor.predict_proba(ones)
