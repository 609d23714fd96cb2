"""ONNX files, as trees of protobuf fields: handwritten graphs, and output of sklearn-onnx."""

import warnings
from typing import Any

import numpy as np

from pretzel.importers import export
from pretzel.importers.onnx.model import read
from tests.fuzz.forms import PROTOBUF
from tests.importers.onnx.test_hostile import SEEDS

FORM = PROTOBUF
OPSETS = {"": 18, "ai.onnx.ml": 3, "com.microsoft": 1}
ROWS = 40


def seeds() -> list[bytes]:
    return [*SEEDS, *(_converted(*case) for case in _pipelines())]


def _pipelines() -> list[tuple[Any, Any, Any]]:
    """Return small pipelines with training data, which together use most operators that sklearn-onnx writes."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.ensemble import GradientBoostingClassifier, IsolationForest, RandomForestClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import KBinsDiscretizer, Normalizer, OneHotEncoder, PolynomialFeatures, StandardScaler
    from sklearn.svm import SVC

    from tests.importers.onnx.data import WORDS, X, Y

    x, y, words = X[:ROWS, :3], Y[:ROWS], WORDS[:ROWS]
    small: dict[str, Any] = {"random_state": 0, "n_estimators": 2}
    return [
        (make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()), x, words),
        (make_pipeline(PolynomialFeatures(2), PCA(2), MLPClassifier((2,), max_iter=1, random_state=0)), x, y),
        (make_pipeline(KBinsDiscretizer(3, encode="onehot-dense"), Normalizer(), GaussianNB()), x, y),
        (RandomForestClassifier(max_depth=2, **small), x, y),
        (GradientBoostingClassifier(max_depth=2, **small), x, words),
        (IsolationForest(max_samples=4, **small), x, y),
        (KNeighborsClassifier(2), x[:5], y[:5]),
        (KMeans(2, n_init=1, random_state=0), x, y),
        (SVC(), x[:9], y[:9]),
        (make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()), words[:, None], y),
        (make_pipeline(TfidfVectorizer(), LogisticRegression()), words, y),
    ]


def _converted(pipeline: Any, x: Any, y: Any) -> bytes:
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    kind = StringTensorType([None, 1]) if x.dtype.kind == "U" else FloatTensorType([None, x.shape[1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # models fitted briefly do not converge
        model = convert_sklearn(pipeline.fit(x, y), initial_types=[("X", kind)], target_opset=OPSETS)
    return bytes(model.SerializeToString())


def run(data: bytes) -> None:
    with np.errstate(all="ignore"):
        export(read(data))
