"""How often n-grams of each hash occur in each row: no dictionary, and columns in order by a sort of the hashes."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, extend, extend_sparse, reserve, reserve_sparse
from pretzel.kernels.text.rows cimport Row, write_characters, write_words
from pretzel.kernels.text.texts cimport TextKernel, refuse_missing

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


cdef class HashNgrams(TextKernel):
    """Counts of the n-grams of ``low`` to ``high`` units by the column they hash to; attributes as in ``ops.HashNgrams``.

    ``str[*]`` (unit ``word``) or ``str`` in, sparse counts out with ascending columns.  Refuses a missing text.
    """

    cdef int64_t low, high
    cdef uint32_t width
    cdef int unit, itemsize
    cdef bint signed, binary, single, floating

    def __init__(self, inputs, output, *, width, unit, low, high, alternate_sign, dtype, binary):
        typed("x", inputs[0], ("str",), 1, "ragged" if unit == "word" else "dense")
        typed("result", output, ("f32", "f64", "i64"), width, "sparse")
        if not 1 <= low <= high <= MOST_UNITS:
            raise ValueError(f"n-grams of {low} to {high}: expected 1 <= low <= high <= {MOST_UNITS}")
        if width < 1:
            raise ValueError(f"width: expected a column at least, got {width}")
        self.unit, self.low, self.high, self.width = UNITS[unit], low, high, width
        self.signed, self.binary = alternate_sign, binary
        self.single = output.dtype == "f32"
        self.itemsize = 4 if self.single else 8
        self.floating = output.dtype != "i64"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Row row
        cdef uint32_t* keys
        cdef int64_t i, stored = 0
        cdef int status
        if reserve_sparse(frame, output, 64 * frame.rows, self.itemsize) != OK:
            return OUT_OF_MEMORY
        row.ids = &output.own_bytes
        output.starts[0] = 0
        for i in range(frame.rows):
            row.found = 0
            status = self.write(frame, inputs[0], i, &row)
            if status != OK:
                return status
            if self.hash_words(&row) if self.unit == WORD else self.hash_characters(&row):
                return OUT_OF_MEMORY
            if extend_sparse(output, stored + row.found, stored, self.itemsize) != OK:
                return OUT_OF_MEMORY
            if reserve(&frame.scratch2, row.found * 4 + 64) != OK:
                return OUT_OF_MEMORY
            keys = radix_sort(<uint32_t*>row.ids.at, <uint32_t*>frame.scratch2.at, row.found)
            stored = self.count(keys, row.found, output, stored)
            output.starts[i + 1] = stored
        return OK

    cdef inline int write(self, Frame* frame, Slot* x, int64_t i, Row* row) noexcept nogil:
        """Write the row down so that every n-gram is a stretch of bytes."""
        cdef const Text* text
        if self.unit == WORD:
            return write_words(frame, row, <const Text*>x.values + x.starts[i], x.starts[i + 1] - x.starts[i])
        text = <const Text*>x.values + i
        if text.length < 0:
            return refuse_missing(frame, i, text)
        return write_characters(frame, row, text, self.unit == CHAR_WB)

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
        """Keep the column of an n-gram, and in the lowest bit whether it counts against."""
        cdef int32_t hash = murmur3(row.bytes + start, stop - start)
        (<uint32_t*>row.ids.at)[row.found] = murmur3_column(hash, self.width) << 1 | (self.signed and hash < 0)
        row.found += 1

    cdef inline int64_t count(self, const uint32_t* keys, int64_t found, Slot* output, int64_t at) noexcept nogil:
        """Write each column once with the sum of its signs, which may be zero; return where the next goes."""
        cdef int64_t k = 0, total
        cdef uint32_t column
        while k < found:
            column, total = keys[k] >> 1, 0
            while k < found and keys[k] >> 1 == column:
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
