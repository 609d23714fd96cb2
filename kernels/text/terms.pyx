"""Dictionaries of terms: built on the control plane, mapped and looked up by kernels; ``terms.h`` has the layout."""

import numpy as np
from libc.string cimport memcpy

cdef double LOAD = 0.65     # of the slots of a table; with five slots per bucket, nine look-ups in ten end in the first
cdef uint64_t TRIES = 8          # seeds to try before a table grows
cdef int GROWTHS = 3
cdef uint64_t GOLDEN = 0x9E3779B97F4A7C15


cdef class Dictionary:
    """A table and its heap, as :func:`build` returns them.

    Raises:
        ValueError: the header is invalid.  The other bytes are not checked here; look-ups are bounded.
    """

    def __init__(self, table, heap):
        cdef const uint64_t[:, ::1] rows = table
        cdef const uint8_t[::1] bytes_ = heap
        if rows.shape[1] != TERMS_ROW or rows.shape[0] < 2:
            raise ValueError(f"dictionary: {table.shape[0]} rows of {table.shape[1]} words; rebuild it")
        if not terms_open(&self.terms, <uint64_t*>&rows[0, 0], rows.shape[0], _begin(bytes_), bytes_.shape[0]):
            raise ValueError("dictionary: the header does not fit the table; rebuild it")
        self.count, self.longest = <int64_t>rows[0, 4], <int64_t>rows[0, 5]
        if self.count < 0 or self.longest < 0:
            raise ValueError("dictionary: negative sizes in the header; rebuild it")
        self.arrays = (table, heap)

    def __len__(self):
        """Return the number of terms."""
        return self.count

    def get(self, str term not None):
        """Return the id of a term, or None."""
        data = term.encode()
        padded = data + bytes(8)
        id = self.find(<const uint8_t*><const char*>padded, len(data))
        return None if id == TERMS_NONE else id

    cdef int64_t find(self, const uint8_t* p, int64_t length) noexcept nogil:
        """Return the id of the term at p, or TERMS_NONE; bytes up to p + 7 must be readable."""
        cdef uint64_t key
        cdef int64_t id
        if length > self.longest:
            return TERMS_NONE
        key = terms_key(&self.terms, p, length)
        id = terms_find(&self.terms, key, terms_home(&self.terms, key), p, length)
        return id if id < self.count else TERMS_NONE


def build(const int64_t[::1] offsets not None, const uint8_t[::1] utf8 not None, int hash_bits=56):
    """Return the ``(table, heap)`` of the terms in a string table; the id of a term is its position there.

    The same terms give the same bytes everywhere.  Fewer ``hash_bits`` make long terms collide, for tests.

    Raises:
        ValueError: two terms are equal, or no table holds them within reach of their homes.
    """
    cdef int64_t count = offsets.shape[0] - 1
    cdef int64_t buckets = <int64_t>(count / (5 * LOAD)) + 1
    cdef uint64_t attempt
    heap, places = _heap(offsets, utf8)
    for growth in range(GROWTHS):
        for attempt in range(TRIES):
            table = _filled(offsets, utf8, heap, places, buckets << growth, GOLDEN * (attempt + 1), hash_bits)
            if table is not None:
                return table, heap
    raise ValueError(f"dictionary: {count} terms collide in every layout tried; they look chosen to")


cdef _heap(const int64_t[::1] offsets, const uint8_t[::1] utf8):
    """Return the records of the terms of eight bytes and more, and the place of each term's record."""
    lengths = np.diff(offsets)
    sizes = np.where(lengths > TERMS_SHORT, (lengths + 8 + 3) // 4 * 4, 0)
    total = int(sizes.sum())
    if total >= 1 << 34:
        raise ValueError(f"dictionary: {total} bytes of long terms, at most 16 GiB fit")
    cdef int64_t[::1] starts = np.ascontiguousarray(np.cumsum(sizes) - sizes, np.int64)
    heap = np.zeros(total, np.uint8)
    cdef uint8_t[::1] out = heap
    cdef uint32_t record[2]
    cdef int64_t i, length
    for i in range(offsets.shape[0] - 1):
        length = offsets[i + 1] - offsets[i]
        if length > TERMS_SHORT:
            record[0], record[1] = <uint32_t>i, <uint32_t>length
            memcpy(&out[starts[i]], record, 8)
            memcpy(&out[starts[i] + 8], &utf8[offsets[i]], <size_t>length)
    return heap, starts


cdef _filled(
    const int64_t[::1] offsets, const uint8_t[::1] utf8, heap, int64_t[::1] places,
    int64_t buckets, uint64_t seed, int hash_bits,
):
    """Return the table with that many buckets and that seed, or None if some term does not fit."""
    cdef int64_t i, longest = 0, length, count = offsets.shape[0] - 1
    cdef uint8_t[8] short
    cdef const uint8_t* p
    cdef uint64_t key
    cdef uint8_t[::1] bytes_ = heap
    cdef Terms terms
    table = np.zeros((buckets + 1, TERMS_ROW), np.uint64)
    cdef uint64_t[:, ::1] rows = table
    rows[0, 0], rows[0, 1], rows[0, 2], rows[0, 3] = TERMS_MAGIC, buckets, seed, (<uint64_t>1 << hash_bits) - 1
    if not terms_open(&terms, &rows[0, 0], buckets + 1, _begin(bytes_), bytes_.shape[0]):
        raise AssertionError("dictionary: a new table does not open")
    for i in range(count):
        length = offsets[i + 1] - offsets[i]
        longest = max(longest, length)
        p = short
        if length > TERMS_SHORT:
            p = &utf8[offsets[i]]
        elif length:
            memcpy(short, &utf8[offsets[i]], <size_t>length)
        key = terms_key(&terms, p, length)
        if terms_find(&terms, key, terms_home(&terms, key), p, length) != TERMS_NONE:
            raise ValueError(f"dictionary: term {i} occurs twice")
        if not terms_insert(&terms, key, <uint32_t>(i if length <= TERMS_SHORT else places[i] // 4)):
            return None
    rows[0, 4], rows[0, 5] = <uint64_t>count, <uint64_t>longest
    return table


cdef inline uint8_t* _begin(const uint8_t[::1] view):
    return <uint8_t*>&view[0] if view.shape[0] else NULL
