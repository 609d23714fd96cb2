"""Compiling or exporting warns if answers may differ from the library's, and only then."""

from __future__ import annotations

import ast
import runpy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    PowerTransformer,
    StandardScaler,
)
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC

import pretzel
from pretzel.importers import IMPORTERS, definition_of, differences
from pretzel.importers.differences import DIFFERENCES, Difference
from pretzel.importers.sklearn.common import doubts
from pretzel.plan.caveats import KEY, caveats
from tests.importers import differing_by_rounding
from tests.importers.differing import CASES, FAR, GRID, HOLED, KNN, WHOLE, X, Y, forest

CASES = CASES | differing_by_rounding.CASES


def _reasons(estimator: Any) -> set[str]:
    return {note["reason"] for note in definition_of(estimator).metadata.get(KEY, ())}


@pytest.mark.parametrize("case", CASES)
def test_a_difference_is_noted_exactly_where_it_is_possible(case: str) -> None:
    difference, with_it, without = CASES[case]
    assert difference.reason in _reasons(with_it())
    assert difference.reason not in _reasons(without())


def test_every_difference_has_a_case() -> None:
    assert {difference for difference, _, _ in CASES.values()} == {*DIFFERENCES}


def test_importers_note_only_entries_of_the_table() -> None:
    """The page is generated from the table, and would miss other notes."""
    room = Path(differences.__file__).parent
    for path in sorted({*room.rglob("*.py")} - {room / "foreign.py"}):  # which records the notes of others
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "may_differ":
                names = [ast.unparse(argument) for argument in call.args]
                entry = names[0].removesuffix(".reason")
                assert names == [f"{entry}.reason", f"{entry}.remedy"], f"{path.name}:{call.lineno}"
                assert isinstance(getattr(differences, entry, None), Difference), f"{path.name}:{call.lineno}"


def test_the_page_names_estimators_whose_answers_may_differ() -> None:
    generator = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "generate_operators.py"))
    said = "".join(generator["_differences"]())
    assert generator["noted"](IMPORTERS[KNNImputer]) == {
        differences.IMPUTED_TIES,
        differences.ROUNDED_DISTANCES,
        differences.ROUNDED_ZEROS,
    }
    assert said.count("\n- ") + 1 == len(DIFFERENCES) and "`KNNImputer`" in said


# Warnings


@pytest.fixture(scope="module")
def imputing() -> Any:
    return make_pipeline(KNNImputer(), LogisticRegression()).fit(HOLED, Y)


@pytest.mark.parametrize("compiled", [pretzel.compile, pretzel.export])
def test_the_warning_points_at_the_caller(imputing: Any, compiled: Any) -> None:
    with pytest.warns(pretzel.AnswersMayDifferWarning) as caught:
        compiled(imputing)
    assert [Path(one.filename).name for one in caught] == ["test_may_differ.py"]
    said = str(caught[0].message)
    assert said.startswith(
        "pipeline.knnimputer: answers of sklearn.impute.KNNImputer may differ from the library's: of "
    )
    assert said.endswith("; use SimpleImputer, or n_neighbors of all rows that were learned")


def test_a_difference_of_float32_alone_warns_at_the_first_such_input() -> None:
    model = make_pipeline(PCA(2), forest()).fit(X.astype("f4"), Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predictor = pretzel.compile(model)
        predictor.predict(X)
    with pytest.warns(pretzel.AnswersMayDifferWarning, match="pipeline.randomforestclassifier: .* last bits") as caught:
        predictor.predict(X.astype("f4"))
    assert [Path(one.filename).name for one in caught] == ["test_may_differ.py"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predictor.predict(X.astype("f4"))


def test_other_kinds_of_input_do_not_warn_again() -> None:
    estimator = SVC().fit(FAR, Y)
    with pytest.warns(pretzel.AnswersMayDifferWarning):
        predictor = pretzel.compile(estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predictor.predict(X.astype("f4"))


def test_models_without_differences_do_not_warn() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": np.where(Y, "x", "y")})
    encoded = make_column_transformer((OneHotEncoder(), ["c"]), (StandardScaler(), ["a", "b"]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pretzel.compile(make_pipeline(StandardScaler(), KNN()).fit(WHOLE, Y))
        pretzel.compile(make_pipeline(encoded, LogisticRegression()).fit(frame, Y))


def test_notes_of_members_name_their_path() -> None:
    model = make_column_transformer((KNNImputer(), [0, 1]), (KNNImputer(), [1, 2])).fit(HOLED)
    steps = [note["step"] for note in definition_of(model).metadata[KEY]]
    assert steps == ["columntransformer.knnimputer-1", "columntransformer.knnimputer-2"]


@pytest.mark.parametrize("odd", [None, 7, "text", [7], [{}], [{"step": "a"}]])
def test_malformed_notes_in_metadata_are_ignored(odd: Any) -> None:
    assert caveats({KEY: odd}) == []


@pytest.mark.parametrize("rows", [X, FAR, GRID, WHOLE, WHOLE * 2.0**40, X[:1], HOLED])
def test_checks_of_sparse_rows_equal_those_of_dense_rows(rows: np.ndarray) -> None:
    stored = sparse.csr_array(np.nan_to_num(rows))
    for said in (doubts.is_exact, doubts.cancels):
        assert said(stored) == said(np.nan_to_num(rows))
    assert doubts.is_exact(rows) == (rows is WHOLE)
    assert doubts.cancels(rows) == (rows is FAR)


@pytest.mark.parametrize(
    "model",
    [
        KNN(5, algorithm="brute"),
        Isomap(neighbors_algorithm="brute"),
        LocallyLinearEmbedding(neighbors_algorithm="brute"),
        LabelSpreading("knn", n_neighbors=150),  # so many that it searches by brute force
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_integers_asked_of_floats_by_brute_force_warn_of_ties(model: Any) -> None:
    """The library's own search takes rows of the type that it learned alone, and sorts the distances of others."""
    predictor = pretzel.compile(model.fit(WHOLE, Y))
    method = predictor.transform if hasattr(model, "transform") else predictor.predict
    with pytest.warns(pretzel.AnswersMayDifferWarning, match="a partial sort"):
        method(WHOLE.astype(np.int64))


@pytest.mark.parametrize("gamma", [0.3, 0.1, 0.01, 0.001])
def test_kernels_of_float32_that_differ_from_the_library_warn(gamma: float) -> None:
    rows = X.astype(np.float32)
    model = Nystroem(gamma=gamma, n_components=10, random_state=0).fit(rows)
    predictor = pretzel.compile(model)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        got = predictor.transform(rows)
    want = model.transform(rows)
    assert caught or np.abs(got - want).max() < 1e-6 * np.abs(want).max()
    assert bool(caught) == (gamma < 0.3)


def test_powers_of_float32_that_differ_from_the_library_warn() -> None:
    rows = (X + 100).astype(np.float32)
    model = PowerTransformer().fit(rows)
    predictor = pretzel.compile(model)
    with pytest.warns(pretzel.AnswersMayDifferWarning, match="computes powers in float32"):
        got = predictor.transform(rows)
    want = model.transform(rows)
    assert got.dtype == want.dtype == np.float32
    np.testing.assert_allclose(got, want, atol=0.1)
    wide = rows.astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(predictor.transform(wide), model.transform(wide), rtol=1e-6, atol=1e-6)
