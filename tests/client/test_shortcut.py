"""The shortcut of usual calls gives exactly what the general conversion gives, or leaves a call to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pretzel import errors
from pretzel.adapters.inputs import DECIDES, columns_of
from pretzel.client.prediction import read
from pretzel.client.shortcut import LABELS, ROWS, Shortcut
from pretzel.importers import definition_of
from pretzel.plan.digest import Digest
from pretzel.plan.model import InputDescription, ModelDescription, ModelVersion, OutputDescription
from pretzel.plan.types import ValueType
from pretzel.plan.values import Labels
from pretzel.plan.wire import columns_from_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.client.services import LABELS as NAMES
from tests.client.services import X

NUMBERS = np.random.default_rng(0).normal(size=(40, 3))
TEXTS = ["a cat", "", "größer, schöner", "日本 語", "two\nlines"] * 8
EITHER = np.arange(40) % 2
PLAN = Digest("0" * 64, 10)


def described(inputs: dict[str, str], outputs: dict[str, str], **metadata: Any) -> ModelDescription:
    return ModelDescription(
        ModelVersion("m", 1, PLAN, PLAN, metadata=metadata),
        tuple(InputDescription(name, ValueType.parse(kind)) for name, kind in inputs.items()),
        tuple(OutputDescription(name, ValueType.parse(kind)) for name, kind in outputs.items()),
    )


def shortcut(description: ModelDescription, method: str = "predict", model: str = "m") -> Shortcut:
    return Shortcut(model, method, description, [method])


def general(description: ModelDescription, X: Any, model: str = "m") -> pb.PredictRequest:
    columns = columns_of(X, description.inputs, description.version.metadata, "predict")
    return pb.PredictRequest(model=model, columns=columns_to_proto(columns), outputs=["predict"])


FITTED = {
    "numbers": (make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, EITHER), NUMBERS),
    "regression": (LinearRegression().fit(NUMBERS, EITHER), NUMBERS),
    "components": (PCA(2).fit(NUMBERS), NUMBERS),
    "words": (make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, EITHER), TEXTS),
    "hashes": (HashingVectorizer(n_features=16).fit(TEXTS), TEXTS),
}


@pytest.mark.parametrize("name", FITTED)
@pytest.mark.parametrize("rows", [1, 2, 20])
@pytest.mark.parametrize("model", ["m", "a-model-of-a-very-long-name" * 9])
def test_a_request_is_that_of_the_general_conversion(name: str, rows: int, model: str):
    estimator, X = FITTED[name]
    definition = definition_of(estimator)
    kinds = {item.column: str(item.type) for item in definition.inputs}
    description = described(kinds, {"predict": "f64"}, **definition.metadata)
    for given in (X[:rows], X[rows : 2 * rows]):
        message = shortcut(description, model=model).request(given)
        assert message is not None
        assert message == general(description, given, model).SerializeToString()


@pytest.mark.parametrize(
    "X",
    [NUMBERS[:2].T.copy().T, NUMBERS[::-1][:3], NUMBERS[:2].copy(order="F"), NUMBERS[:ROWS]],
    ids=["transposed", "reversed", "columns first", "the most"],
)
def test_arrays_in_any_layout(X: np.ndarray):
    description = described({"X": "f64[3]"}, {"predict": "f64"}, input_style="matrix")
    assert shortcut(description).request(X) == general(description, X).SerializeToString()


class Array(np.ndarray):
    """A type of array with rules of its own."""


NOT_USUAL = {
    "a list": NUMBERS[:1].tolist(),
    "float32": NUMBERS[:1].astype(np.float32),
    "the other byte order": NUMBERS[:1].astype(">f8"),
    "a vector": NUMBERS[0],
    "another width": NUMBERS[:1, :2],
    "no rows": NUMBERS[:0],
    "many rows": np.zeros((ROWS + 1, 3)),
    "a subclass": NUMBERS[:1].view(Array),
    "masked": np.ma.masked_array(NUMBERS[:1]),
    "nothing": None,
}


@pytest.mark.parametrize("X", NOT_USUAL.values(), ids=NOT_USUAL)
def test_other_numbers_are_left_to_the_general_conversion(X: Any):
    assert shortcut(described({"X": "f64[3]"}, {"predict": "f64"}, input_style="matrix")).request(X) is None


@pytest.mark.parametrize(
    "X", [[], ["a", None], ["a", 1.0], [b"a"], ["a\ud800"], ["a"] * (ROWS + 1), ("a",), "a", ["a" * 70_000], [["a"]]]
)
def test_other_texts_are_left_to_the_general_conversion(X: Any):
    assert shortcut(described({"X": "str"}, {"predict": "f64"}, input_style="texts")).request(X) is None


@pytest.mark.parametrize(
    "inputs",
    [{"a": "f64", "b": "f64"}, {"X": "f64{3}"}, {"X": "f64"}, {"X": "bool[3]"}, {"X": "str[*]"}, {"X": "str[3]"}],
    ids=str,
)
def test_other_models_are_left_to_the_general_conversion(inputs: dict[str, str]):
    usual = shortcut(described(inputs, {"predict": "f64"}))
    assert [usual.request(X) for X in (NUMBERS[:1], NUMBERS[:1, 0], ["a"], NUMBERS[:1] > 0)] == [None] * 4


@pytest.mark.parametrize("key", sorted({*DECIDES, "apart"}))
def test_metadata_that_arrays_are_read_by(key: str):
    """A key that is unknown to the shortcut leaves the call to the general conversion; so does a new one."""
    concerns_others = {
        *("feature_names", "input_names", "input_style", "dictionary_nulls", "order", "order_names", "in_order"),
        *("lists", "without_categories", "float32_unclear", "spaces", "columns", "byte_order"),
        *("dense_only", "stored_nan"),
        *("kept", "compared", "without_booleans", "without_na", "without_others", "others"),
        *("index", "rejected_types"),
    }
    value: Any = {"input_style": "matrix", "apart": {"other": {"inputs": []}}}.get(key, ["x"])
    description = described({"X": "f64[3]"}, {"predict": "f64"}, **{key: value})
    assert (shortcut(description).request(NUMBERS[:1]) is not None) == (key in concerns_others)


def response(values: dict[str, Any], version: int = 1, model: str = "m") -> bytes:
    columns = columns_to_proto(values)
    return pb.PredictResponse(model=model, version=version, columns=columns).SerializeToString()


def learned(usual: Shortcut, message: bytes) -> None:
    parsed = pb.PredictResponse.FromString(message)
    usual.learn(message, parsed, columns_from_proto(parsed.columns))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32])
@pytest.mark.parametrize("shape", [(1,), (1, 3), (5,), (5, 3)], ids=str)
def test_a_response_of_numbers_is_read_after_another_of_its_form(dtype: type, shape: tuple[int, ...]):
    random = np.random.default_rng(1)
    usual = shortcut(described({"X": "f64[3]"}, {"predict": "f64"}))
    first, second, zero = (random.integers(0, 2**60, shape).astype(dtype) * scale for scale in (1, 3, 0))
    assert usual.result(response({"predict": first})) is None
    learned(usual, response({"predict": first}))
    for values in (first, second, zero, -second):
        got = usual.result(response({"predict": values}))
        assert got is not None
        np.testing.assert_array_equal(got, values)
        assert (got.dtype, got.shape) == (values.dtype, values.shape)
        got += 1  # the caller's own


@pytest.mark.parametrize("rows", [1, 4])
@pytest.mark.parametrize("table", [["no", "yes", "größer"], np.array([3, 5, 9])], ids=["texts", "numbers"])
def test_a_response_of_labels(rows: int, table: Any):
    usual = shortcut(described({"X": "f64[3]"}, {"predict": "i64"}, classes_dtype="<U3"))
    codes = [np.full(rows, code) for code in (2, 0, 1)]
    for each in codes:
        learned(usual, response({"predict": Labels(each, table)}))
    for each in codes:
        message = response({"predict": Labels(each, table)})
        got = usual.result(message)
        assert got is not None and got.tolist() == np.array(table)[each].tolist()
        got[0] = got[0]  # the caller's own
        assert got.dtype == np.array(table).dtype
    got[:] = np.array(table)[0]
    assert usual.result(message).tolist() == np.array(table)[codes[-1]].tolist()


def test_codes_outside_the_table_are_left_to_the_general_conversion():
    usual = shortcut(described({"X": "f64[3]"}, {"predict": "i64"}))
    good = Labels(np.array([1, 0]), NAMES)
    learned(usual, response({"predict": good}))
    assert usual.result(response({"predict": good})) is not None
    for wrong in ([0, 2], [-1, 0], [0, 1 << 40]):
        assert usual.result(response({"predict": Labels(np.array(wrong), NAMES)})) is None


def test_responses_of_another_form_are_left_to_the_general_conversion():
    usual = shortcut(described({"X": "f64[3]"}, {"predict": "f64"}))
    learned(usual, response({"predict": np.ones(2)}))
    others = [
        response({"predict": np.ones(2)}, version=2),
        response({"predict": np.ones(2)}, model="n"),
        response({"other": np.ones(2)}),
        response({"predict": np.ones((1, 2))}),
        response({"predict": np.ones(2), "transform": np.ones(2)}),
        response({"predict": np.ones(2)}) + b"\0",
        b"",
    ]
    assert [usual.result(other) for other in others] == [None] * len(others)


def test_what_is_remembered_is_bounded():
    usual = shortcut(described({"X": "f64[3]"}, {"predict": "i64"}))
    table = np.arange(2 * LABELS)
    messages = [response({"predict": Labels(np.array([code]), table)}) for code in table]
    for message in messages:
        learned(usual, message)
    assert sum(usual.result(message) is not None for message in messages) == LABELS
    for rows in range(2, 2 * ROWS):
        learned(usual, response({"predict": np.ones(rows)}))
    assert sum(usual.result(response({"predict": np.ones(rows)})) is not None for rows in range(2, 2 * ROWS)) == ROWS


def test_methods_and_forms_that_are_joined_or_converted_are_not_remembered():
    plain = {"X": "f64[3]"}
    for usual in (
        shortcut(described(plain, {"interactions": "f64[4]"}), "interactions"),
        shortcut(described(plain, {"predict": "f64"}, forms={"predict": ["int32", None]})),
        Shortcut("m", "predict", described(plain, {"predict[0]": "f64"}), ["predict[0]", "predict[1]"]),
    ):
        message = response({usual.outputs[0]: np.ones((1, 4))})
        learned(usual, message)
        assert usual.result(message) is None


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function", "transform"])
def test_each_call_returns_the_same(client, method: str):
    answers = [getattr(client, method)("m", X) for _ in range(5)]
    whole = client.infer("m", {"X": X}, [method])[method]
    for answer in answers:
        assert ((answer != whole).sum(), answer.dtype, type(answer)) == (0, whole.dtype, type(whole))
    if isinstance(whole, np.ndarray):
        answers[-1][:] = answers[-1][::-1].copy()
        assert (getattr(client, method)("m", X) == whole).all()


def test_errors_of_the_usual_calls(client, worker):
    client.predict("m", X)
    with pytest.raises(errors.InputError, match="column 'X': row 1: refused"):
        client.predict("m", np.array([[0.0, 0.0], [-999, 0.0]]))
    with pytest.raises(errors.InputError, match="expected 2 features per row, got 3"):
        client.predict("m", np.zeros((1, 3)))
    del worker.models["m"]
    with pytest.raises(errors.NotFoundError, match="no model 'm'"):
        client.predict("m", X)


def test_a_response_that_cannot_be_read():
    usual = shortcut(described({"X": "f64[3]"}, {"predict": "f64"}))
    with pytest.raises(errors.PretzelError, match="a response that cannot be read .*; is the server another version"):
        read(b"\xff\xff", usual)
