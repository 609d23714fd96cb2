"""Malformed columns are rejected by name, and take no more memory than their message."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import InputError, PretzelError
from pretzel.plan import wire
from pretzel.v1 import values_pb2
from tests.plan.drawn import through_the_wire


def column(kind: str, rows: int, **parts) -> values_pb2.Column:
    labels = parts.pop("labels", None)
    sent = {name: np.asarray(value).tobytes() if name != "data" else value for name, value in parts.items()}
    return values_pb2.Column(name="päy", type=kind, rows=rows, labels=labels, **sent)


def u32(*values: int) -> np.ndarray:
    return np.array(values, "<u4")


def sparse(starts: list[int], indices: list[int], data: bytes = bytes(16)) -> dict:
    return {"starts": np.array(starts, "<i8"), "indices": np.array(indices, "<i4"), "data": data}


TWO = wire.column_to_proto("labels", ["no", "yes"])
CODES = np.array([0, 2], "<i8").tobytes()
MALFORMED = {
    "no type": (column("", 1), "expected a form like"),
    "unknown type": (column("f99", 1), "f99"),
    "long type": (column("x" * 10**6, 1), "expected a form like|expected one of"),
    "huge width": (column("f64[9999999999]", 1), "width"),
    "lists without starts": (column("str[*]", 1), "bytes of starts"),
    "lists with indices": (column("f64[*]", 0, **sparse([0], [0], b"")), "has no indices"),
    "a list with a missing text": (
        column("str[*]", 1, starts=np.array([0, 1], "<i8"), lengths=u32(0), missing=np.ones(1, "u1")),
        "has no missing",
    ),
    "lists of too few numbers": (column("f64[*]", 1, starts=np.array([0, 2], "<i8"), data=bytes(8)), "bytes of data"),
    "lists that fall": (column("f64[*]", 2, starts=np.array([0, 2, 1], "<i8"), data=bytes(8)), "do not rise"),
    "a list that is not UTF-8": (
        column("str[*]", 2, starts=np.array([0, 2, 3], "<i8"), lengths=u32(1, 1, 1), data=b"ab\xff"),
        "row 1: not UTF-8",
    ),
    "negative rows": (column("f64", -1), "out of range"),
    "short": (column("f64", 2, data=bytes(15)), "expected 2 x 8 = 16 bytes of data, got 15"),
    "long": (column("f64", 2, data=bytes(17)), "got 17"),
    "wrong width": (column("f64[3]", 2, data=bytes(40)), "expected 6 x 8 = 48 bytes"),
    "rows that would overflow": (column("f64[2000000000]", 2**31 - 1, data=bytes(8)), "expected"),
    "rows without bytes": (column("f64[0]", 2**31 - 1), "out of range"),
    "empty texts without bytes": (column("str[0]", 2**31 - 1), "out of range"),
    "bool of 2": (column("bool", 1, data=b"\2"), "neither 0 nor 1"),
    "dense with lengths": (column("f64", 0, lengths=u32(1)), "has no lengths"),
    "text with starts": (column("str", 0, starts=np.zeros(1, "<i8")), "has no starts"),
    "sparse with missing": (column("f32{2}", 0, missing=np.zeros(1, "u1")), "has no missing"),
    "lengths missing": (column("str", 1, data=b"a"), "bytes of lengths, got 0"),
    "lengths too short": (column("str", 1, data=b"ab", lengths=u32(1)), "add up to 1, but there are 2"),
    "lengths too long": (column("str", 1, data=b"a", lengths=u32(2**32 - 1)), "add up to 4294967295"),
    "lengths that wrap": (column("str", 2, data=b"", lengths=u32(2**31, 2**31)), "add up to 4294967296"),
    "not UTF-8": (column("str", 2, data=b"a\xff", lengths=u32(1, 1)), "row 1: not UTF-8"),
    "not UTF-8 at the end": (column("str", 1, data=b"a\xc3", lengths=u32(2)), "row 0: not UTF-8"),
    "surrogate": (column("str", 1, data=b"\xed\xa0\x80", lengths=u32(3)), "row 0: not UTF-8"),
    "split character": (column("str", 3, data=b"a\xc3\xa9", lengths=u32(1, 1, 1)), "row 2: .*inside a"),
    "split in a matrix": (column("str[3]", 1, data=b"a\xc3\xa9", lengths=u32(1, 1, 1)), "row 0: "),
    "missing too long": (column("str", 1, lengths=u32(0), missing=np.zeros(2, "u1")), "of missing"),
    "missing of 3": (column("str", 1, lengths=u32(0), missing=np.array([3], "u1")), "missing holds 3"),
    "missing with bytes": (column("str", 1, data=b"a", lengths=u32(1), missing=np.ones(1, "u1")), "bytes"),
    "starts too short": (column("f64{3}", 2, **sparse([0, 2], [0, 1])), "bytes of starts"),
    "starts not from 0": (column("f64{3}", 1, **sparse([1, 2], [0, 1])), "starts do not rise"),
    "starts that fall": (column("f64{3}", 3, **sparse([0, 2, 1, 2], [0, 1])), "starts do not rise"),
    "starts that wrap": (column("f64{3}", 3, **sparse([0, 2**63 - 1, -(2**63), 2], [0, 1])), "do not rise"),
    "starts below zero": (column("f64{3}", 1, **sparse([0, -2], [])), "starts do not rise"),
    "starts too far": (column("f64{3}", 1, **sparse([0, 2**40], [0, 1])), "bytes of data"),
    "index too large": (column("f64{3}", 1, **sparse([0, 2], [0, 3])), r"outside 0\.\.2"),
    "index below zero": (column("f64{3}", 1, **sparse([0, 2], [-1, 0])), r"outside 0\.\.2"),
    "too few indices": (column("f64{3}", 1, **sparse([0, 2], [0])), "bytes of indices"),
    "code too large": (column("i64", 2, data=CODES, labels=TWO), r"a code outside 0\.\.1"),
    "labels of a float": (column("f64", 2, data=CODES, labels=TWO), "codes of type i64"),
    "labels of labels": (
        column("i64", 0, labels=column("i64", 0, labels=TWO)),
        "labels of labels",
    ),
    "labels in a matrix": (
        column("i64", 0, labels=wire.column_to_proto("l", np.zeros((2, 2)))),
        "one number or one text per row",
    ),
    "labels that are missing": (
        column("i64", 0, labels=wire.column_to_proto("l", ["a", None])),
        "none missing",
    ),
    "malformed labels": (column("i64", 0, labels=column("f64", 1)), "expected 1 x 8"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_columns_are_rejected_by_name(case: str):
    message, problem = MALFORMED[case]
    with pytest.raises(InputError, match=f"column 'päy': .*({problem})") as caught:
        through_the_wire(message)
    assert len(str(caught.value)) < 300


@given(
    st.builds(
        values_pb2.Column,
        name=st.just("x"),
        type=st.sampled_from(["f64", "bool", "f32[2]", "i64", "str", "str[2]", "f32{3}", "str[*]", "f64[*]", "u8[0]"]),
        rows=st.integers(-1, 3),
        data=st.binary(max_size=24),
        lengths=st.sampled_from([b"", bytes(4), b"\1\0\0\0", bytes(8), b"\1\0\0\0\2\0\0\0"]),
        missing=st.binary(max_size=2),
        indices=st.binary(max_size=8),
        starts=st.sampled_from([b"", bytes(8), bytes(16), bytes(8) + b"\1" + bytes(7)]),
    )
)
def test_any_message_is_a_column_or_an_input_error(message: values_pb2.Column):
    try:
        value = wire.column_from_proto(message)
    except InputError as error:
        assert str(error).startswith("column 'x': ")
    else:
        assert len(value) == message.rows
        again = wire.column_to_proto("x", value)
        assert (again.type, again.data, again.indices) == (message.type, message.data, message.indices)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_column_or_a_pretzel_error(data: bytes):
    message = values_pb2.Column()
    try:
        message.ParseFromString(data)
    except Exception:  # the transport rejects unparsable messages
        return
    try:
        wire.column_from_proto(message)
    except PretzelError:
        pass


def test_memory_is_bounded_by_the_message():
    claims = [column("f64[2000000000]", 2**31 - 1), column("str", 2**31 - 1), column("f32{5}", 2**31 - 1)]
    tracemalloc.start()
    for message in claims:
        with pytest.raises(InputError):
            wire.column_from_proto(message)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
