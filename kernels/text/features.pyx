"""Rows of named numbers as sparse rows: names hashed to columns, or looked up in a vocabulary."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reject, reserve, reserve_sparse
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.text.terms cimport TERMS_NONE, TERMS_SHORT, Dictionary, terms_word

cdef extern from "murmur3.h" nogil:
    int32_t murmur3(const uint8_t* p, int64_t length)
    uint32_t murmur3_column(int32_t hash, uint32_t width)

cdef extern from "entries.h" nogil:
    ctypedef struct Entry:
        int32_t column
        double value
    void entries_sort(Entry* first, int64_t count)

cdef enum Refusal:
    UNEVEN = 1


cdef class Features(Kernel):
    """Base of both kernels: rows of names and as many values, and entries sorted as in SciPy."""

    cdef bint single

    def describe(self, code, row, column, value) -> str:
        """Describe a row with fewer or more values than names."""
        return f"row {row}: there are {column} names of features, but {int(value)} values"

    cdef int check(self, inputs, output) except -1:
        typed("names", inputs[0], ("str",), layout="ragged")
        typed("values", inputs[1], ("f64",), layout="ragged")
        typed("result", output, ("f32", "f64"), layout="sparse")
        self.single = output.dtype == "f32"
        return 0

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t row, stored, at = 0, count = inputs[0].starts[frame.rows] - inputs[0].starts[0]
        cdef int status = uneven(frame, inputs[0].starts, inputs[1].starts)
        if status != OK:
            return status
        if reserve_sparse(frame, output, count, 4 if self.single else 8) != OK:
            return OUT_OF_MEMORY
        if reserve(&frame.scratch, count * sizeof(Entry) + 64) != OK:
            return OUT_OF_MEMORY
        output.starts[0] = 0
        for row in range(frame.rows):
            stored = self.collect(inputs, row, <Entry*>frame.scratch.at)
            entries_sort(<Entry*>frame.scratch.at, stored)
            at += self.write(<const Entry*>frame.scratch.at, stored, output, at)
            output.starts[row + 1] = at
        return OK

    # Collects the entries of a row, in the order of its names; returns their number.
    cdef int64_t collect(self, Slot** inputs, int64_t row, Entry* entries) noexcept nogil:
        return 0

    # Writes sorted entries to the output; returns the number written.
    cdef int64_t write(self, const Entry* entries, int64_t count, Slot* output, int64_t at) noexcept nogil:
        return 0

    cdef inline double rounded(self, double value) noexcept nogil:
        return <double><float>value if self.single else value

    cdef inline void put(self, Slot* output, int64_t at, int32_t column, double value) noexcept nogil:
        output.columns[at] = column
        if self.single:
            (<float*>output.values)[at] = <float>value
        else:
            (<double*>output.values)[at] = value


cdef class HashFeatures(Features):
    """Each value in the column of its name's hash, values of one column summed; attributes as in ``ops.HashFeatures``.

    ``str[*]`` and ``f64[*]`` in, sparse rows out.  Rejects a row with more names than values or fewer.
    """

    cdef uint32_t width
    cdef bint signed

    def __init__(self, inputs, output, *, width, alternate_sign, dtype):
        self.check(inputs, output)
        if not 1 <= width == output.columns:
            raise ValueError(f"width: {width} columns for a result of {output.columns}")
        self.width, self.signed = width, alternate_sign

    cdef int64_t collect(self, Slot** inputs, int64_t row, Entry* entries) noexcept nogil:
        cdef const Text* names = <const Text*>inputs[0].values + inputs[0].starts[row]
        cdef const double* values = <const double*>inputs[1].values + inputs[1].starts[row]
        cdef int64_t k, stored = 0
        cdef int32_t hash
        for k in range(inputs[0].starts[row + 1] - inputs[0].starts[row]):
            if values[k] == 0:
                continue
            hash = murmur3(<const uint8_t*>names[k].at, names[k].length)
            entries[stored].column = <int32_t>murmur3_column(hash, self.width)
            entries[stored].value = self.rounded(-values[k] if self.signed and hash < 0 else values[k])
            stored += 1
        return stored

    cdef int64_t write(self, const Entry* entries, int64_t count, Slot* output, int64_t at) noexcept nogil:
        cdef int64_t k = 0, begin = at
        cdef double total
        while k < count:
            total = entries[k].value
            k += 1
            while k < count and entries[k].column == entries[k - 1].column:
                total = self.rounded(total + entries[k].value)
                k += 1
            self.put(output, at, entries[k - 1].column, total)
            at += 1
        return at - begin


cdef class LookupFeatures(Features):
    """Each value in the column of its name in the vocabulary, one entry each; as in ``ops.LookupFeatures``.

    ``str[*]`` and ``f64[*]`` in, sparse rows out.  ``table``, ``heap``: the vocabulary, as
    :func:`pretzel.kernels.text.terms.build` lays it out.  Rejects a row with more names than values or fewer.
    """

    cdef Dictionary vocabulary

    def __init__(self, inputs, output, *, dtype, table, heap):
        self.check(inputs, output)
        self.vocabulary = Dictionary(table, heap)
        if len(self.vocabulary) != output.columns:
            raise ValueError(f"dictionary: {len(self.vocabulary)} terms for {output.columns} columns")

    cdef int64_t collect(self, Slot** inputs, int64_t row, Entry* entries) noexcept nogil:
        cdef const Text* names = <const Text*>inputs[0].values + inputs[0].starts[row]
        cdef const double* values = <const double*>inputs[1].values + inputs[1].starts[row]
        cdef int64_t k, column, stored = 0
        for k in range(inputs[0].starts[row + 1] - inputs[0].starts[row]):
            column = place(self.vocabulary, &names[k])
            if column == TERMS_NONE or column >= self.vocabulary.count:
                continue
            entries[stored].column = <int32_t>column
            entries[stored].value = values[k]
            stored += 1
        return stored

    cdef int64_t write(self, const Entry* entries, int64_t count, Slot* output, int64_t at) noexcept nogil:
        cdef int64_t k
        for k in range(count):
            self.put(output, at + k, entries[k].column, entries[k].value)
        return count


cdef inline int uneven(Frame* frame, const int64_t* names, const int64_t* values) noexcept nogil:
    """Reject the first row with fewer or more values than names."""
    cdef int64_t row
    for row in range(frame.rows):
        if names[row + 1] - names[row] != values[row + 1] - values[row]:
            return reject(frame, UNEVEN, row, names[row + 1] - names[row], <double>(values[row + 1] - values[row]))
    return OK


cdef inline int64_t place(Dictionary vocabulary, const Text* name) noexcept nogil:
    cdef uint64_t padded
    cdef const uint8_t* p = <const uint8_t*>name.at
    if name.length <= TERMS_SHORT:
        padded = terms_word(p, name.length)  # a look-up reads eight bytes, and the text may end earlier
        p = <const uint8_t*>&padded
    return vocabulary.find(p, name.length)
