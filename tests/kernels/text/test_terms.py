"""Dictionaries: exact under collisions, the same bytes everywhere, and harmless whatever their bytes are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pretzel.kernels.text.terms import Dictionary, build
from pretzel.plan.parameter import Parameter
from tests.helpers.texts import TEXTS

TERMS = st.lists(TEXTS | st.text("ab\0", max_size=12), unique=True, max_size=60)


def dictionary(terms: list[str], **options: int) -> Dictionary:
    table = Parameter.strings(terms)
    return Dictionary(*build(table.offsets, table.utf8, **options))


@settings(deadline=None)
@given(terms=TERMS, others=TERMS, hash_bits=st.sampled_from([0, 1, 3, 56]))
def test_terms_are_found_and_others_are_not_even_if_all_hashes_collide(
    terms: list[str], others: list[str], hash_bits: int
) -> None:
    built = dictionary(terms, hash_bits=hash_bits)
    for i, term in enumerate(terms):
        assert built.get(term) == i
    for other in set(others) - set(terms):
        assert built.get(other) is None


def test_a_long_term_differs_from_its_prefixes_and_neighbours() -> None:
    built = dictionary(["abcdefg", "abcdefgh", "abcdefghi", "x" * 100_000])
    assert [built.get(t) for t in ("abcdefg", "abcdefgh", "abcdefghi", "x" * 100_000)] == [0, 1, 2, 3]
    assert [built.get(t) for t in ("abcdef", "abcdefgH", "abcdefghij", "x" * 99_999, "x" * 100_001, "")] == [None] * 6


def test_large_dictionaries_find_all_their_terms() -> None:
    terms = [f"{i:x}" for i in range(100_000)] + [f"a long term {i}" for i in range(50_000)]
    built = dictionary(terms)
    assert all(built.get(term) == i for i, term in enumerate(terms))
    assert all(built.get(f"{i:X} ") is None for i in range(10_000))


def test_equal_terms_give_equal_bytes() -> None:
    table = Parameter.strings([str(i) * 3 for i in range(1000)])
    first, second = (build(table.offsets, table.utf8) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_repeated_term_is_rejected() -> None:
    for term in ("a", "a longer term"):
        with pytest.raises(ValueError, match="term 2 occurs twice"):
            dictionary([term, "b", term])


def test_colliding_terms_are_rejected_in_bounded_time() -> None:
    with pytest.raises(ValueError, match="collide in every layout"):
        dictionary([f"a long term {i}" for i in range(2000)], hash_bits=1)


@settings(deadline=None)
@given(st.data())
def test_no_bytes_of_a_table_send_a_look_up_out_of_bounds(data: st.DataObject) -> None:
    terms = Parameter.strings([f"{i}" for i in range(40)] + [f"a long term {i}" for i in range(40)])
    table, heap = build(terms.offsets, terms.utf8)
    noise = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    table[1:][noise.random(table[1:].shape) < 0.3] = noise.integers(0, 2**64, dtype=np.uint64)
    damaged = Dictionary(table, heap[: data.draw(st.integers(0, len(heap)))])
    for term in terms.texts:
        id = damaged.get(term)
        assert id is None or 0 <= id < 80


def test_an_invalid_header_is_rejected() -> None:
    table, heap = build(*(lambda p: (p.offsets, p.utf8))(Parameter.strings(["a"])))
    for word in (0, 1, 4, 5):
        broken = table.copy()
        broken[0, word] = 2**63 + 5
        with pytest.raises(ValueError, match="dictionary"):
            Dictionary(broken, heap)
    with pytest.raises(ValueError, match="dictionary"):
        Dictionary(table[:1], heap)
