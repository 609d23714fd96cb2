"""Requests for inference of every form: usual ones get the bytes of the ordinary path, others are left to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import permutations
from random import Random
from typing import Any

import numpy as np
import pytest

from pretzel.inference import service_pb2 as pb
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.types import NUMPY_DTYPES
from tests.data_plane.models import refusing, regression
from tests.data_plane.oip.infer_requests import USUAL, inferred, tabular, texts, usual
from tests.data_plane.oip.inferred import Inferred
from tests.data_plane.oip.messages import packed, request
from tests.data_plane.oip.trained import WINE
from tests.data_plane.transport.requests import MODELS
from tests.data_plane.transport.served import MODEL
from tests.fuzz.forms import PROTOBUF
from tests.fuzz.mutate import Mutator

ROWS = [0, 1, 2, 5, 700]


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("kind", USUAL)
@pytest.mark.parametrize("inline", [math.inf, -1.0], ids=["on the event loop", "on a thread"])
def test_bytes_of_the_ordinary_path(inline: float, kind: str, rows: int):
    model, message = inferred(kind, inline), usual(kind, rows).SerializeToString()
    found = model.fast(message)
    assert found == model.ordinary(message)
    assert model.fast(message, stream=True) == model.ordinary(message, stream=True)
    answer = pb.ModelInferResponse.FromString(found)
    assert (answer.id, answer.model_version) == ("request 7", "3")
    assert [output.shape[0] for output in answer.outputs] == [rows] * len(answer.raw_output_contents)


@pytest.mark.parametrize("kind", USUAL)
def test_choices_of_outputs(kind: str):
    names = list(inferred(kind).executable.outputs)[:5]
    for chosen in [*permutations(names, 2), (names[-1],)]:
        message = usual(kind, 3, *chosen).SerializeToString()
        assert inferred(kind).agree(message)
    assert not inferred(kind).agree(usual(kind, 3, names[0], names[0]).SerializeToString())


@pytest.mark.parametrize("kind", USUAL)
def test_any_address(kind: str):
    """A longer unknown field in front moves every tensor to another address."""
    message = usual(kind, 3).SerializeToString()
    want = inferred(kind).ordinary(message)
    for shift in range(17):
        assert inferred(kind).fast(bytes([0x7A, shift]) + bytes(shift) + message) == want


def test_tensors_in_any_order():
    model, message = inferred("table"), usual("table", 4)
    want = model.ordinary(message.SerializeToString())
    for order in permutations(range(3)):
        moved = pb.ModelInferRequest(model_name=MODEL, id=message.id)
        moved.inputs.extend(message.inputs[i] for i in order)
        moved.raw_input_contents.extend(message.raw_input_contents[i] for i in order)
        assert model.fast(moved.SerializeToString()) == want


@pytest.mark.parametrize("kind", ["classifier", "table", "text", "echo"])
def test_one_value_per_row_has_two_shapes(kind: str):
    message = usual(kind, 3)
    for shape in ([3], [3, 1]):
        for tensor in message.inputs:
            tensor.shape[:] = shape
        assert inferred(kind).agree(message.SerializeToString())


def test_names_and_versions():
    model, message = inferred("regression"), usual("regression", 2)
    for name, version, answered in [
        *((MODEL, "", True), (MODEL, "3", True), (MODEL, "003", True), (f"{MODEL}@3", "", True)),
        *((MODEL, "4", False), (MODEL, "x", False), (MODEL, "-3", False), (MODEL, "3" * 30, False), ("", "", False)),
        *((f"{MODEL}@3", "3", False), (MODEL, "٣", False), ("n" * 2000, "", False)),
    ]:
        message.model_name, message.model_version = name, version
        assert model.agree(message.SerializeToString()) == answered, (name, version)


def test_a_matrix_for_columns():
    for kind, tables in (("frame", 1), ("wine", 0)):
        rows = WINE.data.to_numpy()[:5]
        matrix = request(MODEL, X=rows).SerializeToString()
        assert inferred(kind).fast(matrix) == inferred(kind).ordinary(matrix)
        columns = request(MODEL, **{name: WINE.data[name][:5] for name in WINE.data}).SerializeToString()
        if tables:
            assert inferred(kind).fast(columns) == inferred(kind).fast(matrix)
        else:
            assert inferred(kind).fast(columns) is None


@pytest.mark.parametrize(
    ("definition", "dtype", "shape"),
    [
        (tabular("f64"), "f8", (3, 3)),
        (tabular("f64"), "f4", (3, 4)),
        (tabular("f64"), "f8", (12,)),
        (tabular("f64"), "f8", (1 << 14, 4)),
        (tabular("bool"), "?", (3, 4)),
        (tabular("f64", more="f32"), "f8", (3, 5)),
        (tabular("f64", X="f64"), "f8", (3, 5)),
        (tabular("str"), "O", (3, 4)),
        (tabular("f64[2]"), "f8", (3, 4)),
        (Definition({"x": ops.Input("x", "f64"), "y": ops.Input("y", "f64")}), "f8", (3, 2)),
    ],
    ids=["width", "datatype", "a row", "large", "flags", "mixed", "its own", "texts", "wide", "no table"],
)
def test_other_matrices_are_left_to_the_ordinary_path(definition: Definition, dtype: str, shape: tuple[int, ...]):
    message = request(MODEL, X=np.zeros(shape, dtype)).SerializeToString()
    model = Inferred(definition)
    assert model.fast(message) is None
    assert not model.agree(message)


def test_more_rows_than_a_block():
    rows = np.random.default_rng(0).normal(size=(20_000, 3))
    assert Inferred(regression(3)).agree(request(MODEL, "predict", x=rows).SerializeToString())
    words = texts(40_000)
    assert inferred("text").agree(request(MODEL, "predict", X=words).SerializeToString())


Change = Callable[[pb.ModelInferRequest], object]


def tensor(change: Callable[[Any], object]) -> Change:
    return lambda message: change(message.inputs[0])


def contents(data: bytes) -> Change:
    return lambda message: message.raw_input_contents.__setitem__(0, data)


def typed(message: pb.ModelInferRequest) -> None:
    del message.raw_input_contents[:]
    message.inputs[0].contents.fp64_contents.extend(range(9))


def as_floats(message: pb.ModelInferRequest) -> None:
    message.inputs[0].datatype, message.raw_input_contents[0] = "FP32", np.ones(9, np.float32).tobytes()


def placed(message: pb.ModelInferRequest) -> None:
    message.inputs[0].parameters["shared_memory_region"].string_param = "rows"
    message.inputs[0].parameters["shared_memory_byte_size"].int64_param = 72


def requested(**parameters: Any) -> Change:
    def change(message: pb.ModelInferRequest) -> None:
        output = message.outputs.add(name="predict")
        for name, value in parameters.items():
            output.parameters[name].int64_param = value

    return change


NUMBERS: dict[str, Change] = {
    "an unknown model": lambda m: setattr(m, "model_name", "n"),
    "an unknown output": lambda m: m.outputs.add(name="nothing"),
    "an output without a name": lambda m: m.outputs.add(),
    "an output as classes": requested(classification=2),
    "an output twice": lambda m: [m.outputs.add(name="predict") for _ in range(2)],
    "a time-out": lambda m: m.parameters["timeout"].__setattr__("int64_param", 10**9),
    "a sequence": lambda m: m.parameters["sequence_id"].__setattr__("int64_param", 1),
    "another parameter": lambda m: m.parameters["own"].__setattr__("string_param", "x"),
    "a parameter of a tensor": tensor(lambda t: t.parameters["own"].__setattr__("string_param", "x")),
    "shared memory": placed,
    "typed contents": typed,
    "both contents": tensor(lambda t: t.contents.fp64_contents.append(1.0)),
    "empty typed contents": tensor(lambda t: t.contents.SetInParent()),
    "no contents": lambda m: m.raw_input_contents.pop(),
    "more contents": lambda m: m.raw_input_contents.append(b""),
    "no tensor": lambda m: [m.inputs.pop(), m.raw_input_contents.pop()],
    "a tensor twice": lambda m: [m.inputs.append(m.inputs[0]), m.raw_input_contents.append(m.raw_input_contents[0])],
    "an unknown tensor": tensor(lambda t: setattr(t, "name", "y")),
    "another datatype": as_floats,
    "an unknown datatype": tensor(lambda t: setattr(t, "datatype", "FP6")),
    "texts": tensor(lambda t: setattr(t, "datatype", "BYTES")),
    "no datatype": tensor(lambda t: setattr(t, "datatype", "")),
    "no shape": tensor(lambda t: t.ClearField("shape")),
    "one dimension": tensor(lambda t: t.shape.pop()),
    "three dimensions": tensor(lambda t: t.shape.append(1)),
    "another width": tensor(lambda t: t.shape.__setitem__(slice(None), [9, 1])),
    "more rows": tensor(lambda t: t.shape.__setitem__(0, 4)),
    "negative rows": tensor(lambda t: t.shape.__setitem__(0, -3)),
    "many rows": tensor(lambda t: t.shape.__setitem__(0, 2**62)),
    "too few bytes": contents(bytes(64)),
    "a part of a number": contents(bytes(71)),
}
TEXT_CONTENTS: dict[str, Change] = {
    "not UTF-8": contents(packed([b"\xff", b"a", b"b"])),
    "a surrogate": contents(packed([b"\xed\xa0\x80", b"", b""])),
    "a character of two texts": contents(packed([b"\xc3", b"\xa4", b""])),
    "too few texts": contents(packed([b"a", b"b"])),
    "more texts": contents(packed([b"a"] * 4)),
    "a text that is cut off": contents(packed([b"a", b"b", b"cc"])[:-1]),
    "bytes after the last text": contents(packed([b"a", b"b", b"c"]) + b"\0"),
    "a part of a length": contents(packed([b"a" * 20, b"b"]) + b"\1\0\0"),
    "a length beyond the end": contents(packed([b"a", b"b"]) + b"\xff\xff\xff\xff"),
    "numbers": tensor(lambda t: setattr(t, "datatype", "FP64")),
}
UNUSUAL = [
    *(("regression", change) for change in NUMBERS.items()),
    *(("text", change) for change in TEXT_CONTENTS.items()),
]


@pytest.mark.parametrize(("kind", "change"), UNUSUAL, ids=[f"{kind}: {change[0]}" for kind, change in UNUSUAL])
def test_others_are_left_to_the_ordinary_path(kind: str, change: tuple[str, Change]):
    message = usual(kind, 3)
    change[1](message)
    assert inferred(kind).fast(message.SerializeToString()) is None
    assert not inferred(kind).agree(message.SerializeToString())
    assert inferred(kind).agree(usual(kind, 3).SerializeToString())


def test_sizes_without_elements_have_a_bound():
    message = request(MODEL, none=np.zeros((3, 0)), text=texts(3), pairs=texts(3, 2))
    for rows in (3, 1 << 30):
        for sent in message.inputs:
            sent.shape[0] = rows
        assert inferred("lowered").agree(message.SerializeToString()) == (rows == 3)
    wide = Inferred(Definition({"x": ops.Input("x", f"f64[{(1 << 20) + 1}]")}))
    assert not wide.agree(request(MODEL, x=np.zeros((0, (1 << 20) + 1))).SerializeToString())


def test_a_bool_is_zero_or_one():
    message = usual("echo", 3)
    message.raw_input_contents[list(NUMPY_DTYPES).index("bool")] = b"\0\1\2"
    assert not inferred("echo").agree(message.SerializeToString())


def test_rows_of_tensors_differ():
    message, other = usual("table", 3), usual("table", 2)
    message.inputs[1].CopyFrom(other.inputs[1])
    message.raw_input_contents[1] = other.raw_input_contents[1]
    assert not inferred("table").agree(message.SerializeToString())


@pytest.mark.parametrize("kind", ["tokens", "sparse_linear", "texts_and_counts"])
def test_lists_and_sparse_rows_are_left_to_the_ordinary_path(kind: str):
    model = Inferred(MODELS[kind])
    (name,) = (item.name for item in model.executable.inputs)
    column = np.zeros((2, 4), np.float32) if kind == "sparse_linear" else texts(2, 1)
    message = request(MODEL, **{name: column})
    assert model.ordinary(message.SerializeToString())
    assert model.fast(message.SerializeToString()) is None
    if kind == "texts_and_counts":
        assert model.agree(request(MODEL, "lower", **{name: column}).SerializeToString())


def test_an_id_is_utf8():
    message = usual("regression", 1).SerializeToString()
    for label, valid in ((b"grus", True), ("grüße".encode(), True), (b"gr\xff\xffe", False)):
        sent = message.replace(b"\x1a\x09request 7", bytes([0x1A, len(label)]) + label)
        assert inferred("regression").agree(sent) == valid


def test_refused_values_are_left_to_the_ordinary_path():
    model, rows = Inferred(refusing(3)), np.ones((2, 3))
    good = request(MODEL, x=rows).SerializeToString()
    rows[1, 1] = np.nan
    bad = request(MODEL, x=rows).SerializeToString()
    for _ in range(3):
        assert model.fast(bad) is None
        assert model.agree(good)


def test_a_response_that_is_too_large_is_left_to_the_ordinary_path():
    model, message = inferred("wine"), usual("wine", 4).SerializeToString()
    size = len(model.ordinary(message))
    assert model.fresh(most_bytes=size).answer(message) == model.ordinary(message)
    assert model.fresh(most_bytes=size - 1).answer(message) is None
    streamed = pb.ModelStreamInferResponse.FromString(model.ordinary(message, stream=True)).infer_response.ByteSize()
    assert model.fresh(most_bytes=streamed).answer_streamed(message) == model.ordinary(message, stream=True)
    assert model.fresh(most_bytes=streamed - 1).answer_streamed(message) is None


@pytest.mark.parametrize("kind", USUAL)
def test_mutated_requests_agree(kind: str):
    mutate, answered = Mutator(Random(kind), PROTOBUF), 0
    one, two = usual(kind, 3).SerializeToString(), usual(kind, 2).SerializeToString()
    for _ in range(300):
        answered += inferred(kind).agree(mutate(one, two))
    assert answered > 2  # mutated requests are often still valid
