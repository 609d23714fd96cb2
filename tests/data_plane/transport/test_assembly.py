"""Large messages, assembled from pieces of any size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.data_plane.transport.assembly import FIRST, Assembly

BYTES = np.random.default_rng(0).bytes(2 * FIRST)


@settings(max_examples=40)
@given(
    st.one_of(st.integers(0, 200), st.integers(FIRST - 3, FIRST + 3), st.just(len(BYTES))),
    st.lists(st.one_of(st.integers(0, 200), st.integers(FIRST - 3, FIRST + 3)), max_size=6),
)
def test_the_pieces_are_the_message(length: int, cuts: list[int]) -> None:
    assembly, cuts = Assembly(length), sorted(min(cut, length) for cut in cuts)
    for a, b in zip([0, *cuts], [*cuts, length], strict=True):
        assert assembly.missing == length - a
        assert assembly.add(memoryview(BYTES)[a:b]) == b - a
        assert assembly.held == b
    assert assembly.take() == BYTES[:length]


def test_bytes_behind_the_message_are_left() -> None:
    assembly = Assembly(5)
    assert [assembly.add(b"abc"), assembly.add(b"defgh"), assembly.add(b"i")] == [3, 2, 0]
    assert assembly.take() == b"abcde"


def test_an_incomplete_message_is_not_taken_and_no_message_twice() -> None:
    assembly = Assembly(3)
    assembly.add(b"ab")
    with pytest.raises(ValueError, match="1 bytes are missing"):
        assembly.take()
    assembly.add(b"c")
    assert assembly.take() == b"abc"
    with pytest.raises(ValueError, match="taken already"):
        assembly.take()


def test_memory_for_the_announced_length_comes_with_its_bytes() -> None:
    assembly = Assembly(1 << 40)
    assembly.add(memoryview(BYTES)[:FIRST])
    assert (assembly.held, assembly.room) == (FIRST, FIRST)
    with pytest.raises(MemoryError):
        assembly.add(b"x")  # more than any machine has
