"""Counts of n-grams per row by hash: without a dictionary, columns ordered by a sort of the hashes."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve
from pretzel.kernels.text.fusible cimport Counter
from pretzel.kernels.text.rows cimport Row, write_characters, write_words

cdef extern from "murmur3.h" nogil:
    int32_t murmur3(const uint8_t* p, int64_t length)
    uint32_t murmur3_column(int32_t hash, uint32_t width)

cdef extern from "radix.h" nogil:
    uint32_t* radix_sort(uint32_t* keys, uint32_t* other, int64_t count)

cdef enum Unit:
    WORD = 0
    CHAR = 1
    CHAR_WB = 2

cdef dict UNITS = {"word": WORD, "char": CHAR, "char_wb": CHAR_WB}
cdef int MOST_UNITS = 64  # of an n-gram; as in ops.HashNgrams


cdef class HashNgrams(Counter):
    """Counts of the n-grams of ``low`` to ``high`` units by hashed column; attributes as in ``ops.HashNgrams``.

    ``str[*]`` (unit ``word``) or ``str`` in, sparse counts out with ascending columns.  Rejects a missing text.
    """

    cdef int64_t low, high
    cdef uint32_t width
    cdef int unit
    cdef bint signed

    def __init__(self, inputs, output, *, width, unit, low, high, alternate_sign, dtype, binary):
        self.keep(inputs, output, unit, binary)
        typed("result", output, (output.dtype,), width, "sparse")
        if not 1 <= low <= high <= MOST_UNITS:
            raise ValueError(f"n-grams of {low} to {high}: expected 1 <= low <= high <= {MOST_UNITS}")
        if width < 1:
            raise ValueError(f"width: expected a column at least, got {width}")
        self.unit, self.low, self.high, self.width = UNITS[unit], low, high, width
        self.signed = alternate_sign

    cdef int find(self, Frame* frame, const Text* items, int64_t count, Row* row) noexcept nogil:
        if self.words:
            return write_words(frame, row, items, count) or self.hash_words(row)
        return write_characters(frame, row, items, self.unit == CHAR_WB) or self.hash_characters(row)

    cdef int make_room(self, Frame* frame, const Row* row) noexcept nogil:
        return reserve(&frame.scratch2, row.id_count * 4 + 64)

    cdef int64_t count(self, Frame* frame, Row* row, Slot* y, int64_t at) noexcept nogil:
        cdef const uint32_t* keys = radix_sort(<uint32_t*>row.ids.at, <uint32_t*>frame.scratch2.at, row.id_count)
        return self.write(keys, row.id_count, y, at) - at

    cdef inline int hash_words(self, Row* row) noexcept nogil:
        cdef int64_t first, last
        if make_keys(row, row.units * (self.high - self.low + 1)) != OK:
            return OUT_OF_MEMORY
        for first in range(row.units):
            for last in range(first + self.low, min(first + self.high, row.units) + 1):
                self.add(row, row.starts[first], row.starts[last] - 1)
        return OK

    cdef inline int hash_characters(self, Row* row) noexcept nogil:
        """Hash the n-grams of characters of a row, and the words that are shorter than any."""
        cdef int64_t k, at, end, n
        if make_keys(row, row.units * (self.high - self.low + 1) + row.words) != OK:
            return OUT_OF_MEMORY
        for k in range(row.words):
            at, end = row.spans[k], row.spans[k + 1] + 1
            if end - at < self.low and self.unit == CHAR_WB:
                self.add(row, row.starts[at], row.starts[end])
            while at + self.low <= end:
                for n in range(self.low, min(self.high, end - at) + 1):
                    self.add(row, row.starts[at], row.starts[at + n])
                at += 1
        return OK

    cdef inline void add(self, Row* row, int64_t start, int64_t stop) noexcept nogil:
        """Append the column of an n-gram, with its sign in the lowest bit."""
        cdef int32_t hash = murmur3(row.bytes + start, stop - start)
        (<uint32_t*>row.ids.at)[row.id_count] = murmur3_column(hash, self.width) << 1 | (self.signed and hash < 0)
        row.id_count += 1

    cdef inline int64_t write(self, const uint32_t* keys, int64_t count, Slot* output, int64_t at) noexcept nogil:
        """Write each column once with the sum of its signs, which may be zero; return the next place."""
        cdef int64_t k = 0, total
        cdef uint32_t column
        while k < count:
            column, total = keys[k] >> 1, 0
            while k < count and keys[k] >> 1 == column:
                total += 1 - 2 * <int64_t>(keys[k] & 1)
                k += 1
            output.columns[at] = <int32_t>column
            self.put(output, at, 1 if self.binary else total)
            at += 1
        return at

    cdef inline void put(self, Slot* output, int64_t at, int64_t total) noexcept nogil:
        if self.single:
            (<float*>output.values)[at] = <float>total
        elif self.floating:
            (<double*>output.values)[at] = <double>total
        else:
            (<int64_t*>output.values)[at] = total


cdef inline int make_keys(Row* row, int64_t most) noexcept nogil:
    return reserve(row.ids, most * 4 + 64)
