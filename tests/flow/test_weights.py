"""Weights are read from files, and a damaged file is an error that names it."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel import flow
from pretzel.errors import InputError

ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


def safetensors(header):
    data = json.dumps(header).encode()
    return struct.pack("<Q", len(data)) + data + ARRAY.tobytes()


TENSOR = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def test_every_format(tmp_path):
    np.save(tmp_path / "a.npy", ARRAY)
    np.savez(tmp_path / "a.npz", w=ARRAY, terms=np.array(["ä", "b c"]))
    (tmp_path / "a.safetensors").write_bytes(safetensors({"__metadata__": {"a": "b"}, "w": TENSOR}))
    (tmp_path / "a.json").write_text('{"w": [1, 2.5], "bias": 0}')
    (tmp_path / "a.txt").write_text("good film\n\nbad\n", encoding="utf-8")
    np.testing.assert_array_equal(flow.weights(tmp_path / "a.npy"), ARRAY)
    archive = flow.weights(tmp_path / "a.npz")
    np.testing.assert_array_equal(archive["w"], ARRAY)
    assert archive["terms"].tolist() == ["ä", "b c"]
    np.testing.assert_array_equal(flow.weights(tmp_path / "a.safetensors")["w"], ARRAY)
    assert flow.weights(tmp_path / "a.json") == {"w": [1, 2.5], "bias": 0}
    assert flow.weights(tmp_path / "a.txt") == ["good film", "", "bad"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.pickle", b"", "expected a file that ends in .npy, .npz"),
        ("a.npy", b"nonsense", "cannot be read as .npy"),
        ("a.npz", b"PK\x03\x04nonsense", "cannot be read as .npz"),
        ("a.json", b"{", "cannot be read as .json"),
        ("a.txt", b"\xff", "cannot be read as .txt"),
        ("a.safetensors", b"123", "cannot be read as .safetensors"),
        ("a.safetensors", struct.pack("<Q", 1 << 40), "its header has"),
        ("a.safetensors", safetensors([]), "cannot be read"),
        ("a.safetensors", safetensors({"w": {**TENSOR, "dtype": "BF16"}}), "'w' has type 'BF16'; convert it"),
        ("a.safetensors", safetensors({"w": {**TENSOR, "shape": [2, 4]}}), "do not hold float32 of shape"),
        ("a.safetensors", safetensors({"w": {**TENSOR, "data_offsets": [8, 32]}}), "do not hold"),
        ("a.safetensors", safetensors({"w": {**TENSOR, "shape": [-2, -3]}}), "do not hold"),
    ],
)
def test_a_damaged_file(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match="a\\.") as raised:
        flow.weights(tmp_path / name)
    assert message in str(raised.value)


def test_objects_are_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(InputError, match="allow_pickle"):
        flow.weights(tmp_path / "a.npy")


@settings(max_examples=50)
@given(st.binary(max_size=80))
def test_no_bytes_break_the_reader_of_safetensors(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "random.safetensors"
    for content in (data, struct.pack("<Q", len(data)) + data):
        path.write_bytes(content)
        try:
            flow.weights(path)
        except InputError:
            continue
