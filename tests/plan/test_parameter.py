"""Parameters round-trip through their blobs, equal ones are one object, and corrupt blobs are rejected."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pretzel.errors import CorruptObjectError, DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import HEADER, MAGIC, Parameter
from pretzel.plan.types import NUMPY_DTYPES

arrays = st.sampled_from(list(NUMPY_DTYPES.values())).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=3))
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(arrays)
def test_an_array_round_trips_through_its_blob(array: np.ndarray) -> None:
    back = Parameter(bytes(Parameter.of(array).blob)).array
    assert back.dtype == array.dtype and back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert not back.flags.writeable


@given(st.lists(texts))
def test_strings_round_trip_through_their_blob(strings: list[str]) -> None:
    parameter = Parameter(bytes(Parameter.strings(strings).blob))
    assert parameter.texts == strings
    assert len(parameter) == len(strings)


def test_equal_parameters_are_one_object() -> None:
    assert Parameter.of(np.arange(3)) is Parameter.of([0, 1, 2])
    assert Parameter.of(np.arange(3)) is not Parameter.of(np.arange(3.0))


def test_an_equal_large_array_is_compared_and_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    of = Digest.of
    monkeypatch.setattr(Digest, "of", lambda data: hashed.append(len(data)) or of(data))
    weights = np.random.default_rng(0).normal(size=(50, 40))
    first = Parameter.of(weights)
    assert Parameter.of(weights.copy()) is Parameter.of(np.asfortranarray(weights)) is first
    assert hashed == [first.nbytes]
    other = weights.copy()
    other[7, 3] += 1  # between the sampled bytes
    assert Parameter.of(other) is not first
    assert hashed == [first.nbytes] * 2


@pytest.mark.parametrize(
    "array", [np.arange(6).reshape(2, 3).T, np.arange(9)[::2], np.arange(3, dtype=">i8"), np.asfortranarray(np.eye(3))]
)
def test_the_blob_does_not_depend_on_the_layout_in_memory(array: np.ndarray) -> None:
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    assert Parameter.of(array).digest == Parameter.of(plain).digest


def test_a_parameter_is_freed_with_its_last_reader() -> None:
    parameter = Parameter.of(np.full(5, 123456.789))
    digest = parameter.digest
    del parameter
    gc.collect()
    assert digest not in Parameter._interned


@pytest.mark.parametrize(
    "value", [np.array([1j]), np.array([object()]), np.zeros((1,) * 7), np.array(["2020"], "M8[s]")]
)
def test_values_without_a_blob_form_are_rejected(value: np.ndarray) -> None:
    with pytest.raises(DefinitionError):
        Parameter.of(value)


def test_a_lone_surrogate_is_rejected() -> None:
    with pytest.raises(DefinitionError, match="lone surrogate"):
        Parameter.strings(["fine", "\ud800"])


def header(code: int, dimensions: int, *shape: int) -> bytes:
    """Return a header with these fields."""
    return HEADER.pack(MAGIC, code, dimensions, *shape, *[0] * (6 - len(shape)))


I64, STR = 4, 11


@pytest.mark.parametrize(
    ("blob", "why"),
    [
        (b"", "a header takes 64"),
        (bytes(64), "not written by"),
        (b"PRETZEL\x02" + header(I64, 0)[8:], "not written by"),
        (header(99, 1, 0), "not written by"),
        (header(I64, 7), "not written by"),
        (header(I64, 1, -1), "not written by"),
        (header(I64, 1, 3) + bytes(23), "expected 24 bytes of payload, found 23"),
        (header(I64, 1, 3) + bytes(25), "expected 24 bytes of payload, found 25"),
        (header(I64, 2, 2**62, 2**62), "expected"),
        (header(I64, 3, 0, 2**32, 2**32), "expected"),
        (header(I64, 1, 0, 7), "not written by"),
        (header(I64, 1, 0)[:15] + b"\1" + header(I64, 1, 0)[16:], "not written by"),
        (header(I64, 6, *[2**62] * 6), "expected"),
        (header(STR, 2, 1, 1), "cannot hold its offsets"),
        (header(STR, 1, 2**62), "cannot hold its offsets"),
        (header(STR, 1, 1) + np.array([0, 5], "<i8").tobytes() + b"abc", "offsets do not run"),
        (header(STR, 1, 1) + np.array([1, 3], "<i8").tobytes() + b"abc", "offsets do not run"),
        (header(STR, 1, 2) + np.array([0, 9, 3], "<i8").tobytes() + b"abc", "offsets do not run"),
        (header(STR, 1, 2) + np.array([0, -1, 3], "<i8").tobytes() + b"abc", "offsets do not run"),
    ],
)
def test_a_corrupt_blob_is_rejected(blob: bytes, why: str) -> None:
    with pytest.raises(CorruptObjectError, match=why):
        Parameter(blob)


@given(st.data())
def test_no_bytes_break_the_reader(data: st.DataObject) -> None:
    source = data.draw(st.sampled_from([Parameter.strings(["a", "é", ""]), Parameter.of(np.arange(4.0))]))
    blob = bytearray(source.blob)
    for _ in range(data.draw(st.integers(1, 5))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    del blob[data.draw(st.integers(0, len(blob))) :]
    try:
        parameter = Parameter(bytes(blob))
        size = sum(map(len, parameter.texts)) if parameter.dtype == "str" else parameter.array.nbytes
    except CorruptObjectError:
        return
    assert size <= len(blob)


def test_an_invalid_utf8_string_is_rejected_when_read() -> None:
    parameter = Parameter(header(STR, 1, 1) + np.array([0, 1], "<i8").tobytes() + b"\xff")
    with pytest.raises(CorruptObjectError, match="not UTF-8"):
        _ = parameter.texts


@given(st.binary())
def test_a_digest_round_trips_through_its_text(data: bytes) -> None:
    digest = Digest.of(data)
    assert Digest.parse(str(digest)) == digest and digest.size == len(data)


@pytest.mark.parametrize("text", ["", "sha256:00/1", "md5:" + "0" * 64 + "/1", "sha256:" + "G" * 64 + "/1"])
def test_an_invalid_digest_is_rejected(text: str) -> None:
    with pytest.raises(DefinitionError):
        Digest.parse(text)
