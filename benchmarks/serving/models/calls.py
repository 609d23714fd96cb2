"""The models of the front's benchmark, each with one row that a client sends."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_wine
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from benchmarks.kernels import text as sentiment
from pretzel.inference import service_pb2 as inference_pb2
from pretzel.plan.definition import Definition
from pretzel.plan.values import Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb

HEAD_ROWS = 2000


@dataclass(frozen=True)
class Model:
    """A model and one row of its input."""

    name: str
    estimator: Any
    row: Any

    @property
    def definition(self) -> Definition:
        """Return the exported model."""
        exported: Definition = pretzel.export(self.estimator)
        return exported

    @property
    def expected(self) -> Any:
        """Return the estimator's own answer."""
        rows = [self.row] if isinstance(self.row, str) else np.asarray(self.row)[None, :]
        return self.estimator.predict(rows).tolist()[0]

    def pickled(self) -> bytes:
        """Return the estimator as a rival loads it."""
        return pickle.dumps(self.estimator)

    def request(self, name: str = "") -> pb.PredictRequest:
        """Return the call for one row; it asks for labels, as the rivals answer."""
        (taken,) = self.definition.inputs
        column = Texts.of([self.row]) if isinstance(self.row, str) else np.asarray(self.row)[None, :]
        columns = columns_to_proto({taken.column: column})
        return pb.PredictRequest(model=name or self.name, columns=columns, outputs=["predict"])

    def tensors(self, name: str) -> bytes:
        """Return the same call in the Open Inference Protocol."""
        message = inference_pb2.ModelInferRequest(model_name=name)
        if isinstance(self.row, str):
            text = self.row.encode()
            message.inputs.add(name="X", datatype="BYTES", shape=[1, 1])
            message.raw_input_contents.append(len(text).to_bytes(4, "little") + text)
        else:
            row = np.asarray(self.row, np.float64)
            message.inputs.add(name="X", datatype="FP64", shape=[1, len(row)])
            message.raw_input_contents.append(row.tobytes())
        message.outputs.add(name="predict")
        return bytes(message.SerializeToString())


def wine() -> Model:
    """Return a scaler and a logistic regression over 13 numbers."""
    x, y = load_wine(return_X_y=True)
    return Model("wine", make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y), x[100])


def words() -> Model:
    """Return tf-idf over words and a logistic regression."""
    texts, labels = sentiment.reviews()
    some = slice(None, HEAD_ROWS * 5)
    return Model(
        "words", make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts[some], labels[some]), texts[7]
    )


def sa() -> Model:
    """Return the sentiment pipeline of the paper: tf-idf of characters and of words, and a logistic regression."""
    texts, labels = sentiment.reviews()
    return Model("sa", sentiment.pipeline(texts, labels), texts[7])


MODELS: dict[str, Callable[[], Model]] = {"words": words, "wine": wine, "sa": sa}
