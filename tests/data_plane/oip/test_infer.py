"""Inference: both forms of tensors, both forms of rows, every datatype, and the answers of the library."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction import FeatureHasher
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.data_plane.oip.columns import columns_of
from pretzel.inference import service_pb2 as pb
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.types import NUMPY_DTYPES
from tests.data_plane.oip.conftest import Inferring
from tests.data_plane.oip.messages import DATATYPES, arrays, request
from tests.data_plane.oip.trained import NAMES, ROWS, TABLE, TEXTS, WINE, definitions, estimators

METHODS = ["predict", "decision_function", "predict_proba", "predict_log_proba"]


def extremes(dtype: np.dtype) -> list[object]:
    if dtype.kind == "b":
        return [True, False]
    bounds = np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(dtype)
    return [bounds.min, bounds.max]


@pytest.mark.parametrize("typed", [False, True], ids=["raw", "typed"])
async def test_every_method_of_an_estimator(serving: Inferring, typed: bool):
    got = await serving.infer("wine", typed=typed, X=ROWS)
    wine = estimators()["wine"]
    assert list(got) == METHODS
    assert got["predict"].dtype == np.int64
    np.testing.assert_array_equal(got["predict"].ravel(), wine.predict(ROWS))
    for method in METHODS[1:]:
        np.testing.assert_allclose(got[method], getattr(wine, method)(ROWS), rtol=1e-6)


@pytest.mark.parametrize("typed", [False, True], ids=["raw", "typed"])
async def test_texts_and_labels_are_bytes(serving: Inferring, typed: bool):
    got = await serving.infer("text", "predict_proba", "predict", typed=typed, X=np.array(TEXTS, object)[:, None])
    text = estimators()["text"]
    assert list(got) == ["predict_proba", "predict"]
    assert [label.decode() for label in got["predict"].ravel()] == text.predict(TEXTS).tolist()
    np.testing.assert_allclose(got["predict_proba"], text.predict_proba(TEXTS), rtol=1e-6)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
async def test_a_tensor_per_column(serving: Inferring, shape: tuple[int, ...]):
    columns = {name: TABLE[name].to_numpy().reshape(shape) for name in TABLE}
    got = await serving.infer("table", **columns)
    assert got["predict"].dtype == bool
    np.testing.assert_array_equal(got["predict"].ravel(), estimators()["table"].predict(TABLE))


async def test_a_table_of_numbers_as_one_matrix(serving: Inferring):
    frame = estimators()["frame"]
    rows = WINE.data.iloc[::20]
    columns = {name: rows[[name]].to_numpy() for name in reversed(rows.columns)}
    for tensors in {"X": rows.to_numpy()}, columns:
        got = await serving.infer("frame", "predict", "predict_proba", **tensors)
        assert [label.decode() for label in got["predict"].ravel()] == frame.predict(rows).tolist()
        np.testing.assert_allclose(got["predict_proba"], frame.predict_proba(rows), rtol=1e-6)


async def test_a_matrix_as_one_tensor_per_column(serving: Inferring):
    columns = {str(i): ROWS[:, i] for i in range(ROWS.shape[1])}
    whole = await serving.infer("wine", "decision_function", X=ROWS)
    parts = await serving.infer("wine", "decision_function", **columns)
    np.testing.assert_array_equal(whole["decision_function"], parts["decision_function"])


@pytest.mark.parametrize("typed", [False, True], ids=["raw", "typed"])
async def test_every_datatype_passes_unchanged(serving: Inferring, typed: bool):
    columns = {name: np.array(extremes(dtype), dtype) for name, dtype in NUMPY_DTYPES.items()}
    columns["str"] = np.array(["", "grüße\0"], object)
    got = await serving.infer("echo", typed=typed, **columns)
    for name, column in columns.items():
        answer = got[f"{name}_out"].ravel()
        if name == "str":
            assert [text.decode() for text in answer] == column.tolist()
        else:
            np.testing.assert_array_equal(answer, column, err_msg=name)


@pytest.mark.parametrize("datatype", sorted({*DATATYPES.values()} - {"BOOL"}))
async def test_numbers_of_any_datatype_that_lose_nothing(serving: Inferring, datatype: str):
    dtype = next(key for key, value in DATATYPES.items() if value == datatype)
    whole = np.rint(ROWS).clip(0, 100)
    got = await serving.infer("wine", "decision_function", X=whole.astype(dtype))
    want = estimators()["wine"].decision_function(whole)
    np.testing.assert_allclose(got["decision_function"], want, rtol=1e-6)


async def test_brain_floats(serving: Inferring):
    message = request("wine", "decision_function", X=np.zeros((2, 13), np.uint16) + 0x3F80)  # 1.0
    message.inputs[0].datatype = "BF16"
    got = arrays(await serving.oip.ModelInfer(message))
    np.testing.assert_allclose(
        got["decision_function"], estimators()["wine"].decision_function(np.ones((2, 13))), rtol=1e-6
    )


async def test_no_rows(serving: Inferring):
    got = await serving.infer("wine", "predict", "predict_proba", X=np.empty((0, 13)))
    assert (got["predict"].shape, got["predict_proba"].shape) == ((0, 1), (0, 3))
    got = await serving.infer("text", "predict", X=np.empty((0, 1), object))
    assert got["predict"].shape == (0, 1)


async def test_sparse_outputs_are_dense(serving: Inferring):
    got = await serving.infer("terms", X=np.array(TEXTS, object))
    np.testing.assert_allclose(got["transform"], estimators()["terms"].transform(TEXTS).toarray(), rtol=1e-6)


async def test_wide_and_sparse_inputs(serving: Inferring):
    kinds = {"sparse": "f64{3}", "pair": "str[2]", "wide": "f32[2]"}
    await serving.deploy("kinds", Definition({f"{name}_out": ops.Input(name, kind) for name, kind in kinds.items()}))
    columns = {
        "sparse": np.array([[0.0, 1.5, 0.0], [0.0, 0.0, -2.0]]),
        "pair": np.array([["a", "ä"], ["", "b"]], object),
        "wide": np.array([[0.5, 1.0], [2.0, 3.0]]),
    }
    got = await serving.infer("kinds", **columns)
    np.testing.assert_array_equal(got["sparse_out"], columns["sparse"])
    np.testing.assert_array_equal(got["wide_out"], columns["wide"].astype(np.float32))
    assert [text.decode() for text in got["pair_out"].ravel()] == columns["pair"].ravel().tolist()


@pytest.mark.parametrize("words", [[["bb", "cc"], ["aa", "ä"]], [["cc"], ["bb"]], [[], []]])
async def test_lists_of_one_length(serving: Inferring, words: list[list[str]]):
    hasher = FeatureHasher(8, input_type="string").fit([["a"]])
    await serving.deploy("hasher", pretzel.export(hasher))
    metadata = await serving.oip.ModelMetadata(pb.ModelMetadataRequest(name="hasher"))
    assert [list(item.shape) for item in metadata.inputs] == [[-1, -1]]
    array = np.array(words, object).reshape(len(words), -1)
    got = await serving.infer("hasher", **{metadata.inputs[0].name: array})
    np.testing.assert_array_equal(got["transform"], hasher.transform(words).toarray())


async def test_columns_that_no_step_reads(serving: Inferring):
    table = pd.DataFrame({"a": [1.0, 2.0, 4.0], "unread": ["x", "y", "z"], "c": [5.0, 7.0, 6.0]})
    scaler = make_column_transformer((StandardScaler(), ["a", "c"])).fit(table)
    await serving.deploy("scaler", pretzel.export(scaler))
    want = scaler.transform(table)
    columns = {name: table[name].to_numpy(object if name == "unread" else None) for name in table}
    without = {name: column for name, column in columns.items() if name != "unread"}
    matrix = np.column_stack([table.a, np.full(3, np.nan), table.c])
    for tensors in columns, without, {"X": matrix}:
        got = await serving.infer("scaler", **tensors)
        np.testing.assert_allclose(got["transform"], want, rtol=1e-6)


async def test_optional_outputs_on_request(serving: Inferring):
    got = await serving.infer("wine", "contributions[1]", X=ROWS)
    assert got["contributions[1]"].shape == (len(ROWS), 14)
    decision = estimators()["wine"].decision_function(ROWS)[:, 1]
    np.testing.assert_allclose(got["contributions[1]"].sum(axis=1), decision, rtol=1e-6)


async def test_versions_aliases_and_the_id(serving: Inferring):
    await serving.deploy("wine", definitions()["frame"])
    for name, version, want in [("wine", "", "2"), ("wine", "1", "1"), ("wine", "01", "1"), ("wine:stable", "", "2")]:
        message = request(name, "predict", X=ROWS)
        message.model_version, message.id = version, "an id"
        answer = await serving.oip.ModelInfer(message)
        assert (answer.model_name, answer.model_version, answer.id) == ("wine", want, "an id")
        labels = arrays(answer)["predict"].ravel()
        assert (labels.dtype == object) == (want == "2")


async def test_classification(serving: Inferring):
    message = request("frame", "predict_proba", X=ROWS)
    message.outputs[0].parameters["classification"].int64_param = 2
    answer = await serving.oip.ModelInfer(message)
    got = arrays(answer)["predict_proba"]
    assert (answer.outputs[0].datatype, got.shape) == ("BYTES", (len(ROWS), 2))
    scores = estimators()["frame"].predict_proba(WINE.data.iloc[::20])
    order = np.argsort(-scores, axis=1)
    for row, entries in enumerate(got):
        for entry, index in zip(entries, order[row], strict=False):
            value, at, label = entry.decode().split(":")
            assert (int(at), label) == (index, NAMES[index])
            assert float(value) == pytest.approx(scores[row, index], rel=1e-6)


async def test_more_classes_than_there_are(serving: Inferring):
    message = request("wine", "predict_proba", X=ROWS[:1])
    message.outputs[0].parameters["classification"].int64_param = 10
    assert arrays(await serving.oip.ModelInfer(message))["predict_proba"].shape == (1, 3)


async def test_a_large_request_and_a_large_response(serving: Inferring):
    rows = np.repeat(ROWS, 5000, axis=0)
    got = await serving.infer("wine", "predict", "decision_function", X=rows)
    one = await serving.infer("wine", "predict", "decision_function", X=ROWS)
    for name, array in got.items():
        np.testing.assert_array_equal(array, np.repeat(one[name], 5000, axis=0))
    texts = np.array(TEXTS * 10_000, object)
    got = await serving.infer("text", "predict", X=texts)
    assert [label.decode() for label in got["predict"].ravel()] == estimators()["text"].predict(TEXTS).tolist() * 10_000


@pytest.mark.parametrize(("copies", "off_the_loop"), [(1, False), (1000, True)])
async def test_large_requests_are_read_on_a_thread(
    serving: Inferring, monkeypatch: pytest.MonkeyPatch, copies: int, off_the_loop: bool
):
    threads = []

    def spied(*arguments):
        threads.append(threading.current_thread())
        return columns_of(*arguments)

    monkeypatch.setattr("pretzel.data_plane.oip.infer.columns_of", spied)
    await serving.infer("wine", X=np.repeat(ROWS, copies, axis=0))
    assert [thread is not threading.main_thread() for thread in threads] == [off_the_loop]
