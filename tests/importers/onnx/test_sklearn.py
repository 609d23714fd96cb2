"""Pipelines converted by sklearn-onnx, compared with ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pandas
import pytest
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier

import pretzel
from tests.importers.onnx.compare import assert_served
from tests.importers.onnx.data import COUNTS, TARGET, TWO, WORDS, X, Y, with_missing

OPSETS = {"": 18, "ai.onnx.ml": 3, "com.microsoft": 1}
PLAIN = {"zipmap": False}
ROUGH = 2e-5
"""Tolerance of sums that cancel: in float32, ONNX Runtime itself is that far from the sum in float64."""

MODELS: dict[str, tuple[Any, np.ndarray, np.ndarray]] = {
    "logistic": (make_pipeline(StandardScaler(), LogisticRegression()), X, Y),
    "logistic of two": (LogisticRegression(), X, TWO),
    "logistic of words": (make_pipeline(RobustScaler(), LogisticRegression()), X, WORDS),
    "linear": (make_pipeline(MinMaxScaler(), Normalizer(), PCA(3), LinearRegression()), X, TARGET),
    "polynomial": (make_pipeline(PolynomialFeatures(2), LinearRegression()), X, TARGET),
    "imputed": (make_pipeline(SimpleImputer(), LogisticRegression()), with_missing(), Y),
    "power": (PowerTransformer(), X, Y),
    "bins": (make_pipeline(KBinsDiscretizer(4, encode="onehot-dense"), LogisticRegression()), X, Y),
    "tree": (DecisionTreeClassifier(random_state=0), X, Y),
    "forest": (RandomForestClassifier(13, random_state=0), X, Y),
    "forest of two": (RandomForestClassifier(13, random_state=0), X, TWO),
    "extra trees": (ExtraTreesRegressor(13, random_state=0), X, TARGET),
    "boosting": (GradientBoostingClassifier(n_estimators=13, random_state=0), X, WORDS),
    "boosting of two": (GradientBoostingClassifier(n_estimators=13, random_state=0), X, TWO),
    "ada boost": (AdaBoostClassifier(n_estimators=5, random_state=0), X, Y),
    "isolation": (IsolationForest(n_estimators=3, random_state=0), X, Y),
    "k-means": (KMeans(3, n_init=1, random_state=0), X, Y),
    "gaussian bayes": (GaussianNB(), X, Y),
    "bernoulli bayes": (make_pipeline(Binarizer(), BernoulliNB()), X, Y),
    "multinomial bayes": (MultinomialNB(), COUNTS, Y),
    "network": (MLPClassifier((4,), max_iter=5, random_state=0), X, Y),
    "linear svc": (LinearSVC(), X, Y),
    "svc": (make_pipeline(StandardScaler(), SVC()), X, Y),
    "svc of two": (SVC(), X, TWO),
    "svc with probabilities": (SVC(probability=True, random_state=0), X, Y),
    "svc of a sigmoid": (SVC(kernel="sigmoid"), X, TWO),
    "svc of a polynomial": (SVC(kernel="poly", degree=2), X, Y),
    "svr": (SVR(), X, TARGET),
    "one class": (OneClassSVM(), X, Y),
    "neighbours": (KNeighborsClassifier(3), X, Y),
    "neighbours' mean": (KNeighborsRegressor(4), X, TARGET),
}
CANCELS = {
    "svc with probabilities",  # the iteration stops at small steps, in float32 there and in float64 here
    "svc of a polynomial",
    "multinomial bayes",
    "one class",
    "svc of two",
    "svr",
    "svc",
    "gaussian bayes",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_converted_models_predict_as_onnx_runtime(name: str) -> None:
    estimator, x, y = MODELS[name]
    model = to_onnx(estimator.fit(x, y), x[:1], target_opset=OPSETS)
    assert_served(model, {"X": x}, scale=ROUGH if name in CANCELS else 1e-6)


WIDE = {
    "logistic": (LogisticRegression(), Y),
    "network": (MLPClassifier((4,), max_iter=5, random_state=0), Y),
    "gaussian bayes": (GaussianNB(), Y),
    "k-means": (KMeans(3, n_init=1, random_state=0), Y),
    "forest": (RandomForestClassifier(13, random_state=0), Y),
    "scaler": (RobustScaler(), Y),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WIDE)
def test_float64_graphs_are_computed_in_float64(name: str) -> None:
    estimator, y = WIDE[name]
    x = X.astype(np.float64)
    options = PLAIN if hasattr(estimator, "predict_proba") else None
    model = to_onnx(estimator.fit(x, y), x[:1], target_opset=OPSETS, options=options)
    exact = {} if name == "forest" else {"relative": 1e-12, "scale": 1e-12}  # its weights are float32 in any case
    assert_served(model, {"X": x}, **exact)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", [{"optim": "cdist"}, {}], ids=str)
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_neighbours_by_distance_operator_or_loop(weights: str, options: dict[str, Any]) -> None:
    estimator = KNeighborsClassifier(3, weights=weights).fit(X, Y)
    model = to_onnx(estimator, X[:1], options={id(estimator): PLAIN | options}, target_opset=OPSETS)
    assert_served(model, {"X": X + np.float32(0.1)})


DOCUMENTS = ["the cat sat", "a dog sat on the mat", "Cat and DOG", "Dog bites man", "", "Äpfel and Öl 42"] * 4
VECTORIZERS = {
    "tf-idf": TfidfVectorizer(),
    "bigrams": TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
    "only bigrams": CountVectorizer(ngram_range=(2, 2)),
    "without the": CountVectorizer(stop_words=["the"]),
    "ASCII": TfidfVectorizer(token_pattern="[a-zA-Z]+", norm="l1", min_df=2),
    "binary": CountVectorizer(token_pattern="[a-z]+", binary=True),
    "in its case": CountVectorizer(lowercase=False),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("zipmap", ["columns", True, False])
@pytest.mark.parametrize("name", VECTORIZERS)
def test_text_models_count_words_as_onnx_runtime(name: str, zipmap: Any) -> None:
    y = np.arange(len(DOCUMENTS)) % 2
    pipeline = make_pipeline(VECTORIZERS[name], LogisticRegression()).fit(DOCUMENTS, y)
    kinds = [("doc", StringTensorType([None]))]
    model = convert_sklearn(pipeline, initial_types=kinds, options={"zipmap": zipmap}, target_opset=OPSETS)
    definition = assert_served(model, {"doc": np.array(DOCUMENTS)}, batches=(1, 7, 24))
    assert definition.metadata["input_style"] == "texts"


FRAME = pandas.DataFrame(
    {
        "colour": ["red", "green", "blue", "red", ""] * 4,
        "größe": ["x", "y"] * 10,
        "n": np.arange(20.0),
        "m": np.sqrt(np.arange(20.0)),
    }
)
ENCODERS = {
    "one-hot": OneHotEncoder(handle_unknown="ignore"),
    "dropped": OneHotEncoder(drop="first"),
    "ordinal": OrdinalEncoder(),
    "ordinal, unknown": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("labels", [np.arange(20) % 2, np.array(["no", "yes"])[np.arange(20) % 3 // 2]], ids=["i", "s"])
@pytest.mark.parametrize("name", ENCODERS)
def test_columns_of_a_frame_keep_their_names(name: str, labels: np.ndarray) -> None:
    model = _frame_model(ENCODERS[name], labels)
    feeds = {item: FRAME[item].to_numpy(object)[:, None] for item in FRAME.columns[:2]}
    feeds |= {item: FRAME[item].to_numpy(np.float32)[:, None] for item in FRAME.columns[2:]}
    if "ignore" in str(ENCODERS[name]) or "unknown" in name:
        feeds["colour"] = np.where(np.arange(20)[:, None] == 3, "violet", feeds["colour"])
    definition = assert_served(model, feeds, batches=(1, 7, 20))
    assert [item.column for item in definition.inputs] == list(FRAME.columns)


def _frame_model(encoder: Any, labels: np.ndarray) -> onnx.ModelProto:
    texts, numbers = list(FRAME.columns[:2]), list(FRAME.columns[2:])
    columns = ColumnTransformer([("codes", encoder, texts), ("numbers", StandardScaler(), numbers)])
    pipeline = make_pipeline(columns, LogisticRegression()).fit(FRAME, labels)
    kinds = [(name, StringTensorType([None, 1])) for name in texts]
    kinds += [(name, FloatTensorType([None, 1])) for name in numbers]
    return _renamed(convert_sklearn(pipeline, initial_types=kinds, target_opset=OPSETS), texts + numbers)


def _renamed(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    """Restore the input names that the converter changed to C identifiers."""
    new = dict(zip([item.name for item in model.graph.input], names, strict=True))
    for item in model.graph.input:
        item.name = new[item.name]
    for node in model.graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
    return model


@pytest.mark.filterwarnings("ignore")
def test_a_compiled_graph_has_the_methods_of_the_estimator() -> None:
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, WORDS)
    predictor = pretzel.compile(to_onnx(estimator, X[:1], target_opset=OPSETS))
    np.testing.assert_array_equal(predictor.predict(X), estimator.predict(X))
    np.testing.assert_allclose(predictor.predict_proba(X), estimator.predict_proba(X), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(predictor.output_probability(X), predictor.predict_proba(X))
    np.testing.assert_array_equal(predictor.predict(X.astype(np.float64)), estimator.predict(X))
    np.testing.assert_array_equal(predictor.classes_, estimator.classes_)


@pytest.mark.filterwarnings("ignore")
def test_metadata_names_the_producer_and_the_columns_of_maps() -> None:
    estimator = LogisticRegression().fit(X, WORDS)
    definition = pretzel.export(to_onnx(estimator, X[:1], target_opset=OPSETS))
    assert definition.metadata["columns"] == {"output_probability": ["blue", "green", "red"]}
    assert definition.metadata["library"].startswith("skl2onnx 1.")
    assert list(definition.outputs) == ["output_label", "output_probability", "predict", "predict_proba"]
