"""Where answers may differ, whoever compiles or exports is told; where they cannot, nothing is said."""

from __future__ import annotations

import ast
import runpy
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn import cluster, kernel_approximation, mixture, neighbors
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA, LatentDirichletAllocation
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import DotProduct
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import Isomap
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    KernelCenterer,
    OneHotEncoder,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVC

import pretzel
from pretzel.importers import IMPORTERS, definition_of, differences
from pretzel.importers.differences import DIFFERENCES, Difference
from pretzel.importers.sklearn.common import doubts
from pretzel.plan.caveats import KEY, caveats

_random = np.random.default_rng(5)
X = _random.normal(size=(300, 3))
GRID = _random.integers(0, 4, (300, 3)) * 0.1
WHOLE = _random.integers(0, 4, (300, 3)) * 1.0
FAR = X + 1e6
Y = (X[:, 0] > 0).astype(int)
MIRRORED = np.concatenate([rows * sign for rows in (abs(X[:30]), X[30:40]) for sign in ([1, 1, 1], [-1, 1, 1])])
CORNERS, THREE = np.array([[1.0, 1.0], [3.0, 1.0], [1.0, 5.0]]), [0, 1, 2]
SIDES = np.repeat([0, 1, 2], [30, 30, 20])
HOLED = np.where(_random.random(X.shape) < 0.2, np.nan, GRID)


def _calibrated(scale: float) -> Any:
    """Return sigmoids of scores this small: the slopes are as large."""
    model = CalibratedClassifierCV(LogisticRegression(), cv=3).fit(X, Y)
    for fold in model.calibrated_classifiers_:
        fold.calibrators[0].a_ *= scale
    return model


def _isotonic(of: Any) -> Any:
    return CalibratedClassifierCV(of, method="isotonic", cv=3)


def _nystroem(name: str) -> Any:
    return kernel_approximation.Nystroem(kernel=name, n_components=10, random_state=0)


def _process(alpha: float) -> Any:
    return GaussianProcessRegressor(DotProduct() ** 2, alpha=alpha, optimizer=None)


def _forest() -> Any:
    return RandomForestClassifier(2, random_state=0)


KNN = neighbors.KNeighborsClassifier
CASES: dict[str, tuple[Difference, Callable[[], Any], Callable[[], Any]]] = {
    "imputed": (differences.IMPUTED_TIES, lambda: KNNImputer().fit(HOLED), lambda: KNNImputer().fit(X)),
    "all donors": (
        differences.IMPUTED_TIES,
        lambda: KNNImputer(n_neighbors=5).fit(HOLED),
        lambda: KNNImputer(n_neighbors=300).fit(HOLED),
    ),
    "cosine": (
        differences.SORTED_TIES,
        lambda: KNN(metric="cosine").fit(WHOLE, Y),
        lambda: KNN(metric="cosine").fit(X, Y),
    ),
    "sparse": (
        differences.SORTED_TIES,
        lambda: KNN().fit(sparse.csr_array(WHOLE), Y),
        lambda: KNN().fit(WHOLE, Y),
    ),
    "integers": (
        differences.SORTED_TIES,
        lambda: KNN(algorithm="brute").fit(WHOLE.astype(int), Y),
        lambda: KNN(algorithm="kd_tree").fit(WHOLE.astype(int), Y),
    ),
    "threads": (
        differences.SHARED_TIES,
        lambda: KNN(algorithm="brute").fit(WHOLE, Y),
        lambda: KNN(algorithm="brute").fit(WHOLE[:256], Y[:256]),
    ),
    "embedded": (
        differences.SHARED_TIES,
        lambda: Isomap(neighbors_algorithm="brute").fit(np.concatenate([X[:150]] * 2)),
        lambda: Isomap(neighbors_algorithm="brute").fit(X),
    ),
    "few rows": (
        differences.ROUNDED_NEIGHBORS,
        lambda: KNN(algorithm="brute").fit(GRID[:200], Y[:200]),
        lambda: KNN(algorithm="brute").fit(WHOLE[:200], Y[:200]),
    ),
    "few rows, of which it asks": (
        differences.ROUNDED_NEIGHBORS,
        lambda: neighbors.LocalOutlierFactor(algorithm="brute", novelty=True).fit(GRID[:200]),
        lambda: neighbors.LocalOutlierFactor(algorithm="kd_tree", novelty=True).fit(GRID[:200]),
    ),
    "few rows, no products": (
        differences.ROUNDED_NEIGHBORS,
        lambda: neighbors.KNeighborsTransformer(algorithm="brute").fit(GRID[:200]),
        lambda: neighbors.KNeighborsTransformer(algorithm="brute", metric="manhattan").fit(GRID[:200]),
    ),
    "far rows": (
        differences.ROUNDED_DISTANCES,
        lambda: KNN(algorithm="brute").fit(FAR, Y),
        lambda: KNN(algorithm="kd_tree").fit(FAR, Y),
    ),
    "far kernels": (differences.ROUNDED_DISTANCES, lambda: SVC().fit(FAR, Y), lambda: SVC().fit(X, Y)),
    "far centers": (
        differences.ROUNDED_DISTANCES,
        lambda: cluster.KMeans(3, n_init=1).fit(FAR),
        lambda: cluster.KMeans(3, n_init=1).fit(X),
    ),
    "equal rows": (
        differences.ROUNDED_ZEROS,
        lambda: KNN(algorithm="brute", weights="distance").fit(X, Y),
        lambda: KNN(algorithm="brute").fit(X, Y),
    ),
    "equal whole rows": (
        differences.ROUNDED_ZEROS,
        lambda: KNNImputer(weights="distance").fit(X),
        lambda: KNNImputer(weights="distance").fit(WHOLE),
    ),
    "exemplars": (
        differences.ROUNDED_TIES,
        lambda: cluster.AffinityPropagation(random_state=0).fit(GRID[:60]),
        lambda: cluster.AffinityPropagation(random_state=0).fit(X[:60]),
    ),
    "rows on centers": (
        differences.ROUNDED_ORIGINS,
        lambda: cluster.Birch(threshold=0.2).fit(X),
        lambda: cluster.Birch(threshold=9.0, n_clusters=None).fit(X),
    ),
    "radius": (
        differences.ROUNDED_RIM,
        lambda: neighbors.RadiusNeighborsRegressor(0.2, algorithm="brute").fit(GRID, X[:, 0]),
        lambda: neighbors.RadiusNeighborsRegressor(0.2, algorithm="kd_tree").fit(GRID, X[:, 0]),
    ),
    "waves": (
        differences.ROUNDED_WAVES,
        lambda: kernel_approximation.RBFSampler(gamma=1e14).fit(X),
        lambda: kernel_approximation.RBFSampler().fit(X),
    ),
    "mixture": (
        differences.ROUNDED_SHARES,
        lambda: mixture.GaussianMixture(2, covariance_type="diag").fit(FAR),
        lambda: mixture.GaussianMixture(2, covariance_type="diag").fit(X),
    ),
    "centered": (
        differences.ROUNDED_SHARES,
        lambda: KernelCenterer().fit(X[:9] @ X[:9].T + 1e12),
        lambda: KernelCenterer().fit(X[:9] @ X[:9].T),
    ),
    "bins of logarithms": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(FunctionTransformer(np.exp), KBinsDiscretizer(quantile_method="linear")).fit(X),
        lambda: make_pipeline(FunctionTransformer(np.sqrt), KBinsDiscretizer(quantile_method="linear")).fit(abs(X)),
    ),
    "quantiles of powers": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(PowerTransformer(), QuantileTransformer(n_quantiles=9)).fit(X),
        lambda: make_pipeline(StandardScaler(), QuantileTransformer(n_quantiles=9)).fit(X),
    ),
    "histograms of products": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(PCA(2), HistGradientBoostingClassifier(max_iter=2)).fit(X, Y),
        lambda: make_pipeline(PCA(2), _forest()).fit(X, Y),
    ),
    "forests of single products": (
        differences.ROUNDED_THRESHOLDS,
        lambda: make_pipeline(FunctionTransformer(np.float32), FunctionTransformer(np.tanh), _forest()).fit(X, Y),
        lambda: make_pipeline(FunctionTransformer(np.float32), StandardScaler(), _forest()).fit(X, Y),
    ),
    "sigmoids": (differences.STEEP_SIGMOIDS, lambda: _calibrated(1e9), lambda: _calibrated(1.0)),
    "isotonic curves": (
        differences.STEEP_CURVES,
        lambda: make_pipeline(FunctionTransformer(np.float32), _isotonic(LogisticRegression())).fit(X.astype("f4"), Y),
        lambda: _isotonic(LogisticRegression()).fit(X, Y),
    ),
    "isotonic curves over leaves": (
        differences.STEEP_CURVES,
        lambda: make_pipeline(FunctionTransformer(np.float32), _isotonic(GaussianNB())).fit(X.astype("f4"), Y),
        lambda: make_pipeline(FunctionTransformer(np.float32), _isotonic(_forest())).fit(X.astype("f4"), Y),
    ),
    "mirrored classes": (
        differences.ROUNDED_VOTES,
        lambda: SVC().fit(MIRRORED, SIDES),
        lambda: SVC(decision_function_shape="ovo").fit(MIRRORED, SIDES),
    ),
    "votes": (differences.ROUNDED_VOTES, lambda: SVC().fit(MIRRORED, SIDES), lambda: SVC().fit(X[:80], SIDES)),
    "votes beside the origin": (
        differences.ROUNDED_VOTES,
        lambda: SVC(kernel="linear").fit(CORNERS, THREE),
        lambda: SVC(kernel="linear", decision_function_shape="ovo").fit(CORNERS, THREE),
    ),
    "votes of classifiers": (
        differences.ROUNDED_VOTES,
        lambda: OneVsOneClassifier(SVC(kernel="linear")).fit(CORNERS, THREE),
        lambda: OneVsOneClassifier(LogisticRegression()).fit(X[:80], SIDES),
    ),
    "votes of linear classifiers": (
        differences.ROUNDED_VOTES,
        lambda: OneVsOneClassifier(LogisticRegression(fit_intercept=False)).fit(MIRRORED, SIDES),
        lambda: OneVsRestClassifier(LogisticRegression(fit_intercept=False)).fit(MIRRORED, SIDES),
    ),
    "singular kernels": (
        differences.ROUNDED_WEIGHTS,
        lambda: make_pipeline(FunctionTransformer(np.float32), _nystroem("cosine")).fit(X.astype("f4")),
        lambda: make_pipeline(FunctionTransformer(np.float32), _nystroem("rbf")).fit(X.astype("f4")),
    ),
    "singular kernels of float64": (
        differences.ROUNDED_WEIGHTS,
        lambda: make_pipeline(FunctionTransformer(np.float32), _process(1e-3)).fit(X[:60].astype("f4"), Y[:60]),
        lambda: _process(1e-3).fit(X[:60], Y[:60]),
    ),
    "topics": (
        differences.ROUNDED_TOPICS,
        lambda: LatentDirichletAllocation(3, max_iter=2).fit(WHOLE.astype("f4")),
        lambda: LatentDirichletAllocation(3, max_iter=2).fit(WHOLE),
    ),
}


def _reasons(estimator: Any) -> set[str]:
    return {note["reason"] for note in definition_of(estimator).metadata.get(KEY, ())}


@pytest.mark.parametrize("case", CASES)
def test_a_difference_is_noted_where_it_is_possible_and_nowhere_else(case: str) -> None:
    difference, with_it, without = CASES[case]
    assert difference.reason in _reasons(with_it())
    assert difference.reason not in _reasons(without())


def test_every_difference_has_a_case() -> None:
    assert {difference for difference, _, _ in CASES.values()} == {*DIFFERENCES}


def test_importers_take_what_they_note_from_the_table() -> None:
    """Or the page, which is written from the table, would not say it."""
    room = Path(differences.__file__).parent
    for path in sorted(room.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "may_differ":
                names = [ast.unparse(argument) for argument in call.args]
                entry = names[0].removesuffix(".reason")
                assert names == [f"{entry}.reason", f"{entry}.remedy"], f"{path.name}:{call.lineno}"
                assert isinstance(getattr(differences, entry, None), Difference), f"{path.name}:{call.lineno}"


def test_the_page_names_whose_answers_may_differ() -> None:
    generator = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "generate_operators.py"))
    said = "".join(generator["_differences"]())
    assert generator["noted"](IMPORTERS[KNNImputer]) == {
        differences.IMPUTED_TIES,
        differences.ROUNDED_DISTANCES,
        differences.ROUNDED_ZEROS,
    }
    assert said.count("\n- ") + 1 == len(DIFFERENCES) and "`KNNImputer`" in said


# Who is told


@pytest.fixture(scope="module")
def imputing() -> Any:
    return make_pipeline(KNNImputer(), KNeighborsClassifier()).fit(HOLED, Y)


@pytest.mark.parametrize("compiled", [pretzel.compile, pretzel.export])
def test_whoever_compiles_is_warned_at_their_own_line(imputing: Any, compiled: Any) -> None:
    with pytest.warns(pretzel.AnswersMayDifferWarning) as caught:
        compiled(imputing)
    assert [Path(one.filename).name for one in caught] == ["test_may_differ.py"]
    said = str(caught[0].message)
    assert said.startswith(
        "pipeline.knnimputer: answers of sklearn.impute.KNNImputer may differ from the library's: of "
    )
    assert said.endswith("; use SimpleImputer, or n_neighbors of all rows that were learned")


def test_what_is_so_in_float32_alone_is_told_when_such_input_first_comes() -> None:
    model = make_pipeline(PCA(2), _forest()).fit(X.astype("f4"), Y)
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


def test_other_kinds_of_input_warn_no_second_time() -> None:
    estimator = SVC().fit(FAR, Y)
    with pytest.warns(pretzel.AnswersMayDifferWarning):
        predictor = pretzel.compile(estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        predictor.predict(X.astype("f4"))


def test_nobody_is_warned_without_need() -> None:
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
def test_metadata_of_another_form_say_nothing(odd: Any) -> None:
    assert caveats({KEY: odd}) == []


@pytest.mark.parametrize("rows", [X, FAR, GRID, WHOLE, WHOLE * 2.0**40, X[:1], HOLED])
def test_of_sparse_rows_is_said_what_is_said_of_dense_ones(rows: np.ndarray) -> None:
    stored = sparse.csr_array(np.nan_to_num(rows))
    for said in (doubts.is_exact, doubts.cancels):
        assert said(stored) == said(np.nan_to_num(rows))
    assert doubts.is_exact(rows) == (rows is WHOLE)
    assert doubts.cancels(rows) == (rows is FAR)
