"""Requests of every form: valid ones get the bytes of the ordinary path, invalid ones are left to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from itertools import permutations
from random import Random

import numpy as np
import pytest

from pretzel.data_plane.transport.prepared import Prepared, needed
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter
from pretzel.plan.values import Labels, Texts
from pretzel.plan.wire import column_to_proto, columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from pretzel.v1 import values_pb2
from tests.data_plane.models import refusing, regression, vector
from tests.data_plane.transport.requests import MODELS, request
from tests.data_plane.transport.served import MODEL, Served
from tests.fuzz.forms import PROTOBUF
from tests.fuzz.mutate import Mutator

ROWS = [0, 1, 2, 5, 700]


@cache
def served(kind: str, inline: float = math.inf) -> Served:
    return Served(MODELS[kind], inline)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("inline", [math.inf, -1.0], ids=["on the event loop", "on a thread"])
def test_bytes_of_the_ordinary_path(inline: float, kind: str, rows: int):
    model, message = served(kind, inline), request(kind, rows).SerializeToString()
    assert model.fast(message) == model.ordinary(message).SerializeToString()


@pytest.mark.parametrize("kind", MODELS)
def test_choices_of_outputs(kind: str):
    names = list(MODELS[kind].outputs)
    for chosen in [*permutations(names, 2), (names[-1],), (names[0], names[0])]:
        message = request(kind, 3, *chosen).SerializeToString()
        assert served(kind).agree(message)


@pytest.mark.parametrize("kind", MODELS)
def test_any_address(kind: str):
    """A longer unknown field in front moves every column to another address."""
    message = request(kind, 3).SerializeToString()
    want = served(kind).ordinary(message).SerializeToString()
    for shift in range(17):
        assert served(kind).fast(bytes([0x7A, shift]) + bytes(shift) + message) == want


def test_columns_in_any_order():
    model = served("passed")
    message = request("passed", 2)
    for order in permutations(message.columns):
        moved = pb.PredictRequest(model=MODEL, columns=order)
        assert model.fast(moved.SerializeToString()) == model.ordinary(message.SerializeToString()).SerializeToString()


def test_more_rows_than_a_block():
    model = Served(regression(3))
    rows = np.random.default_rng(0).normal(size=(20_000, 3))
    message = pb.PredictRequest(model=MODEL, columns=columns_to_proto({"x": rows}), outputs=["predict"])
    assert model.agree(message.SerializeToString())


@pytest.mark.parametrize("kind", MODELS)
def test_mutated_requests_agree(kind: str):
    message, random = request(kind, 3), Random(kind)
    mutate, data, answered = Mutator(random, PROTOBUF), message.SerializeToString(), 0
    for _ in range(400):
        answered += served(kind).agree(mutate(data, request(kind, 2).SerializeToString()))
    assert answered > 5  # mutated requests are often still valid


def test_streamed_requests_carry_their_number():
    model = served("regression")
    inner = request("regression", 2)
    for number in (0, 1, 128, 2**64 - 1):
        found = model.hot.answer_streamed(pb.PredictStreamRequest(id=number, request=inner).SerializeToString())
        want = pb.PredictStreamResponse(id=number, response=model.response(inner))
        assert found == want.SerializeToString()
    assert model.hot.answer_streamed(pb.PredictStreamRequest(id=1).SerializeToString()) is None


Change = Callable[[pb.PredictRequest], object]


def column(change: Callable[[values_pb2.Column], object]) -> Change:
    return lambda message: change(message.columns[0])


def setting(**values: object) -> Change:
    return column(lambda c: [setattr(c, name, value) for name, value in values.items()])


NUMBERS: dict[str, Change] = {
    "unknown model": lambda m: setattr(m, "model", "n"),
    "unknown output": lambda m: m.outputs.append("nothing"),
    "unknown column": setting(name="y"),
    "no column": lambda m: m.columns.pop(),
    "a column twice": lambda m: m.columns.append(m.columns[0]),
    "a column more": lambda m: m.columns.append(column_to_proto("y", np.zeros(3))),
    "another type": setting(type="f32[3]"),
    "another width": setting(type="f64[4]"),
    "no type": setting(type=""),
    "too few bytes": column(lambda c: setattr(c, "data", c.data[:-8])),
    "a part of a number": column(lambda c: setattr(c, "data", c.data[:-1])),
    "more rows": setting(rows=4),
    "negative rows": setting(rows=-1),
    "many rows": setting(rows=2**62),
    "lengths": setting(lengths=bytes(4)),
    "missing": setting(missing=bytes(3)),
    "indices": setting(indices=bytes(4)),
    "starts": setting(starts=bytes(32)),
    "labels": column(lambda c: c.labels.CopyFrom(column_to_proto("labels", ["a"]))),
}
TEXT_PARTS: dict[str, Change] = {
    "not UTF-8": setting(data=b"\xff" * 3, lengths=np.array([1, 1, 1], "<u4").tobytes()),
    "a surrogate": setting(data=b"\xed\xa0\x80", lengths=np.array([3, 0, 0], "<u4").tobytes()),
    "texts that share a character": setting(data="ä".encode() + b"a", lengths=np.array([1, 1, 1], "<u4").tobytes()),
    "lengths of more bytes": setting(data=b"a", lengths=np.array([1, 1, 0], "<u4").tobytes()),
    "too few lengths": setting(lengths=bytes(8)),
    "an unknown mark": setting(data=b"", lengths=bytes(12), missing=b"\0\3\0"),
    "a missing text with bytes": setting(data=b"a", lengths=np.array([1, 0, 0], "<u4").tobytes(), missing=b"\1\0\0"),
    "too few marks": setting(data=b"", lengths=bytes(12), missing=b"\0\0"),
}
SPARSE_PARTS: dict[str, Change] = {
    "starts that fall": setting(starts=np.array([0, 4, 2, 6], "<i8").tobytes()),
    "starts after zero": setting(starts=np.array([1, 2, 4, 6], "<i8").tobytes()),
    "too few starts": setting(starts=bytes(24)),
    "a negative column": column(lambda c: setattr(c, "indices", b"\xff" * 4 + c.indices[4:])),
    "a column beyond the width": column(lambda c: setattr(c, "indices", b"\4\0\0\0" + c.indices[4:])),
    "too few columns": column(lambda c: setattr(c, "indices", c.indices[4:])),
}
TOKEN_PARTS: dict[str, Change] = {
    "missing in a list": column(lambda c: setattr(c, "missing", bytes(len(c.lengths) // 4))),
    "starts beyond the texts": column(lambda c: setattr(c, "starts", c.starts[:-8] + b"\x63" + bytes(7))),
}
INVALID = [
    *(("regression", change) for change in NUMBERS.items()),
    *(("texts_and_counts", change) for change in TEXT_PARTS.items()),
    *(("sparse_linear", change) for change in SPARSE_PARTS.items()),
    *(("tokens", change) for change in TOKEN_PARTS.items()),
]


@pytest.mark.parametrize(("kind", "change"), INVALID, ids=[f"{kind}: {change[0]}" for kind, change in INVALID])
def test_invalid_requests_are_left_to_the_ordinary_path(kind: str, change: tuple[str, Change]):
    message = request(kind, 3)
    change[1](message)
    assert not served(kind).agree(message.SerializeToString())
    assert served(kind).agree(request(kind, 3).SerializeToString())


def test_rows_of_columns_differ():
    message = request("passed", 3)
    message.columns[1].CopyFrom(request("passed", 2).columns[1])
    assert not served("passed").agree(message.SerializeToString())


def test_a_bool_is_zero_or_one():
    message = request("passed", 3)
    message.columns[1].data = b"\0\1\2"
    assert not served("passed").agree(message.SerializeToString())


def test_rows_without_columns_have_a_bound():
    message = request("regression", 0)
    message.columns[0].rows, message.columns[0].type = 1 << 40, "f64[0]"
    assert not served("regression").agree(message.SerializeToString())


def test_refused_values_are_left_to_the_ordinary_path_and_not_counted():
    model = Served(refusing(3))
    rows = np.ones((2, 3))
    good = pb.PredictRequest(model=MODEL, columns=columns_to_proto({"x": rows})).SerializeToString()
    rows[1, 1] = np.nan
    bad = pb.PredictRequest(model=MODEL, columns=columns_to_proto({"x": rows})).SerializeToString()
    for _ in range(3):
        assert model.fast(bad) is None
        assert model.agree(good)
    assert sum(model.route.calls.buckets) == 3
    assert model.route.entry.cost_of(None).runs == 3


def test_missing_texts_that_are_all_present():
    message = request("echo", 3)
    message.columns[0].CopyFrom(column_to_proto("text", Texts.of(["a", "", "c"])))
    message.columns[0].missing = bytes(3)
    assert served("echo").agree(message.SerializeToString())


def test_labels_do_not_go_in():
    message = request("classifier", 2)
    message.columns[0].CopyFrom(column_to_proto("x", Labels(np.array([0, 1]), ["a", "b"])))
    assert not served("classifier").agree(message.SerializeToString())


@pytest.mark.parametrize("kind", MODELS)
def test_needs_are_those_of_the_footprint(kind: str):
    executable = served(kind).executable
    prepared = Prepared(executable, None, served(kind).route.entry.cost_of(None))
    for rows, size in [(0, 0), (1, 10), (63, 1000), (5000, 12345)]:
        need = executable.footprint(None).need(rows, size)
        assert needed(prepared, rows, size) == (need.answer, need.total(size))


def test_an_order_of_many_columns_is_learned():
    """The first requests in a new order may be declined, because the search for each column is bounded."""
    names = [f"x{i}" for i in range(300)]
    total = ops.Concat(tuple(ops.Input(name, "f64[1]") for name in names))
    model = Served(Definition({"sum": ops.Linear(total, vector(300, 1), Parameter.of(np.zeros(1)))}))
    for order in (names, names[::-1], [*names[150:], *names[:150]]):
        columns = columns_to_proto({name: np.array([[float(name[1:])]]) for name in order})
        message = pb.PredictRequest(model=MODEL, columns=columns).SerializeToString()
        answers = [model.agree(message) for _ in range(8)]
        assert answers == sorted(answers)
        assert answers[-1]
    columns[7].name = columns[8].name
    assert not model.agree(pb.PredictRequest(model=MODEL, columns=columns).SerializeToString())
