"""Parts of samples that are kept with versions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.control_plane.samples import NOTHING, Bounds, encoded, part, read
from pretzel.control_plane.store.memory import MemoryStore
from pretzel.control_plane.verify import Sample
from pretzel.plan.agreement import as_array
from pretzel.plan.digest import Digest
from pretzel.plan.values import Csr, Ragged, Texts


def whole(texts: list[str], numbers: tuple[int, ...] = (), total: int = 0) -> Sample:
    """A sample with a column of each kind."""
    dense = np.arange(2.0 * len(texts)).reshape(-1, 2)
    inputs = {"text": Texts.of(texts), "dense": dense, "lists": Ragged.of([[text] * 2 for text in texts])}
    return Sample(inputs, {"label": Texts.of(texts), "sparse": Csr.of(dense)}, numbers, total)


def rows_of(sample: Sample) -> dict[str, list[object]]:
    return {name: as_array(value).tolist() for name, value in {**sample.inputs, **sample.outputs}.items()}


@given(st.lists(st.text(max_size=30), min_size=1, max_size=20), st.integers(0, 25), st.integers(0, 3000))
def test_the_first_rows_are_kept_within_both_bounds(texts: list[str], most: int, size: int):
    sample = whole(texts)
    found = part(sample, Bounds(most, size))
    if found is None:
        assert most == 0 or part(sample, Bounds(1, size)) is None
        return
    count = len(found)
    assert 1 <= count <= min(most, len(texts))
    if count == len(texts):
        assert found is sample
    else:
        assert list(found.rows) == [*range(count)] and found.total_rows == len(texts)
        assert count == most or part(sample, Bounds(count + 1, size)).rows == found.rows, "the bytes are the bound"
    assert all(len(column) == count for column in found.inputs.values())
    first = rows_of(whole(texts[:count]))
    assert rows_of(found) == first
    store = MemoryStore()
    data = encoded(found)
    store.put(Digest.of(data), data)
    again = read(store, Digest.of(data))
    assert (rows_of(again), again.rows, again.total_rows) == (first, found.rows, found.total_rows)


def test_rows_keep_the_numbers_of_the_caller():
    found = part(whole(["a", "b", "c"], (4, 7, 9), 10), Bounds(2, 1 << 20))
    assert found is not None and (found.rows, found.total_rows) == ((4, 7), 10)


@pytest.mark.parametrize("bounds", [NOTHING, Bounds(0, 1 << 20), Bounds(5, 10)])
def test_nothing_is_kept(bounds: Bounds):
    assert part(whole(["a"]), bounds) is None
    assert part(Sample({}, {}), Bounds()) is None
