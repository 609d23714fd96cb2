"""Kernels that move sparse columns and change their type: Concat (any part sparse), Select, Cast, Densify, Sparsify."""

from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

import numpy as np

from pretzel.kernels.checks import NUMPY, address, positions, typed
from pretzel.kernels.dense.casts import CAST_ORDER, ITEM_SIZE
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve, reserve_sparse
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport number

cdef extern from "dense/cast.h" nogil:
    ctypedef void (*pretzel_cast)(
        const void* source, void* target, int64_t rows, int64_t columns, int64_t stride
    ) noexcept
    const pretzel_cast pretzel_casts[11][11]

cdef struct Part:
    pretzel_cast cast
    int64_t itemsize           # of the part's own values
    int64_t first              # its first column in the result
    int64_t width
    bint is_sparse


cdef class Concat(Kernel):
    """The columns of all parts concatenated as sparse rows, without zeros of dense parts (``scipy.sparse.hstack``)."""

    cdef Part* parts
    cdef int count
    cdef int64_t itemsize, widest, dense_width
    cdef int kind              # of the result: 0 f32, 1 f64, 2 i64

    def __init__(self, inputs, output):
        cdef int i
        cdef int64_t first = 0
        typed("result", output, tuple(NUMPY), sum(part.columns for part in inputs), "sparse")
        self.count, self.itemsize = len(inputs), ITEM_SIZE[output.dtype]
        self.kind = ["f32", "f64", "i64"].index(output.dtype)
        self.parts = <Part*>calloc(self.count + 1, sizeof(Part))
        if self.parts == NULL:
            raise MemoryError(f"concat: no memory for {self.count} parts")
        for i, kind in enumerate(inputs):
            self.parts[i].cast = pretzel_casts[<int>CAST_ORDER[kind.dtype]][<int>CAST_ORDER[output.dtype]]
            self.parts[i].itemsize, self.parts[i].is_sparse = ITEM_SIZE[kind.dtype], kind.layout == "sparse"
            self.parts[i].first, self.parts[i].width = first, kind.columns
            first += kind.columns
        dense = [kind.columns for kind in inputs if kind.layout != "sparse"]
        self.dense_width, self.widest = sum(dense), max(dense, default=0)

    def __dealloc__(self):
        free(self.parts)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t row, at = 0, room = frame.rows * self.dense_width
        cdef int i
        for i in range(self.count):
            if self.parts[i].is_sparse:
                room += inputs[i].starts[frame.rows] - inputs[i].starts[0]
        if reserve_sparse(frame, output, room, self.itemsize) or reserve(&frame.scratch, self.widest * 8):
            return OUT_OF_MEMORY
        output.starts[0] = 0
        for row in range(frame.rows):
            for i in range(self.count):
                if self.parts[i].is_sparse:
                    at = self.append_sparse(&self.parts[i], inputs[i], row, output, at)
                else:
                    at = self.append_dense(&self.parts[i], inputs[i], row, output, at, frame.scratch.at)
            output.starts[row + 1] = at
        return OK

    cdef int64_t append_sparse(self, Part* part, Slot* x, int64_t row, Slot* y, int64_t at) noexcept nogil:
        cdef int64_t begin = x.starts[row], n = x.starts[row + 1] - x.starts[row], k
        part.cast(<char*>x.values + begin * part.itemsize, <char*>y.values + at * self.itemsize, 1, n, n)
        for k in range(n):
            y.columns[at + k] = x.columns[begin + k] + <int32_t>part.first
        return at + n

    cdef int64_t append_dense(
        self, Part* part, Slot* x, int64_t row, Slot* y, int64_t at, void* scratch
    ) noexcept nogil:
        part.cast(<char*>x.values + row * part.width * part.itemsize, scratch, 1, part.width, part.width)
        if self.kind == 0:
            return keep_nonzero(<float*>scratch, part.width, part.first, <float*>y.values, y.columns, at)
        if self.kind == 1:
            return keep_nonzero(<double*>scratch, part.width, part.first, <double*>y.values, y.columns, at)
        return keep_nonzero(<int64_t*>scratch, part.width, part.first, <int64_t*>y.values, y.columns, at)


cdef inline int64_t keep_nonzero(
    const number* x, int64_t width, int64_t first, number* y, int32_t* columns, int64_t at
) noexcept nogil:
    cdef int64_t i
    for i in range(width):
        y[at] = x[i]
        columns[at] = <int32_t>(first + i)
        # Written whether it is stored or not: the place exists, and no branch is mispredicted.
        at += x[i] != 0
    return at


cdef class Cast(Kernel):
    """The stored numbers as another type."""

    cdef pretzel_cast cast
    cdef int64_t source_size, target_size

    def __init__(self, inputs, output, *, dtype):
        typed("x", inputs[0], tuple(NUMPY), layout="sparse")
        typed("result", output, (dtype,), inputs[0].columns, "sparse")
        self.cast = pretzel_casts[<int>CAST_ORDER[inputs[0].dtype]][<int>CAST_ORDER[dtype]]
        self.source_size, self.target_size = ITEM_SIZE[inputs[0].dtype], ITEM_SIZE[dtype]

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Slot* x = inputs[0]
        cdef int64_t begin = x.starts[0], n = x.starts[frame.rows] - begin, row
        if reserve_sparse(frame, output, n, self.target_size) != OK:
            return OUT_OF_MEMORY
        self.cast(<char*>x.values + begin * self.source_size, output.values, 1, n, n)
        memcpy(output.columns, x.columns + begin, <size_t>n * sizeof(int32_t))
        for row in range(frame.rows + 1):
            output.starts[row] = x.starts[row] - begin
        return OK


cdef class Select(Kernel):
    """The selected columns of sparse rows, in the order given."""

    cdef object places
    cdef const int32_t* place  # of each column of x: its column in the result, -1 if it is dropped
    cdef bint in_order         # the result's columns ascend without sorting
    cdef int kind

    def __init__(self, inputs, output, *, columns):
        typed("x", inputs[0], tuple(NUMPY), layout="sparse")
        typed("result", output, (inputs[0].dtype,), len(columns), "sparse")
        columns = positions("columns", columns, inputs[0].columns)
        if len(np.unique(columns)) < len(columns):
            raise ValueError("columns: sparse columns are selected once each")
        self.places = np.full(inputs[0].columns, -1, np.int32)
        self.places[columns] = np.arange(len(columns), dtype=np.int32)
        self.place = <const int32_t*><size_t>address(self.places)
        self.in_order = bool((np.diff(columns) > 0).all())
        self.kind = ["f32", "f64", "i64"].index(output.dtype)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Slot* x = inputs[0]
        cdef int64_t room = x.starts[frame.rows] - x.starts[0]
        if reserve_sparse(frame, output, room, 4 if self.kind == 0 else 8) != OK:
            return OUT_OF_MEMORY
        if self.kind == 0:
            select(x, <float*>x.values, output, <float*>output.values, frame.rows, self.place, self.in_order)
        elif self.kind == 1:
            select(x, <double*>x.values, output, <double*>output.values, frame.rows, self.place, self.in_order)
        else:
            select(x, <int64_t*>x.values, output, <int64_t*>output.values, frame.rows, self.place, self.in_order)
        return OK


cdef inline void select(
    Slot* source, const number* x, Slot* target, number* y, int64_t rows, const int32_t* place, bint in_order
) noexcept nogil:
    cdef int64_t row, k, at = 0, begin
    target.starts[0] = 0
    for row in range(rows):
        begin = at
        for k in range(source.starts[row], source.starts[row + 1]):
            target.columns[at] = place[source.columns[k]]
            y[at] = x[k]
            at += target.columns[at] >= 0
        if not in_order:
            sort_row(target.columns + begin, y + begin, at - begin)
        target.starts[row + 1] = at


cdef inline void sort_row(int32_t* columns, number* values, int64_t n) noexcept nogil:
    """Sort by insertion: rows are short and mostly in order."""
    cdef int64_t i, k
    cdef int32_t column
    cdef number value
    for i in range(1, n):
        column, value = columns[i], values[i]
        k = i
        while k > 0 and columns[k - 1] > column:
            columns[k], values[k] = columns[k - 1], values[k - 1]
            k -= 1
        columns[k], values[k] = column, value


cdef class Densify(Kernel):
    """Sparse rows as dense ones: zeros, or ``absent``, where nothing is stored.

    Of several values stored in one place the sum (``toarray``), the ``last`` that differs from ``absent``, or the
    ``last stored``.
    """

    cdef int64_t width
    cdef int kind
    cdef double absent         # the value of a place in which nothing is stored
    cdef bint last             # of several values the last, rather than the sum
    cdef bint all              # of all stored values, also those that equal absent

    def __init__(self, inputs, output, *, absent=0.0, repeats="sum"):
        typed("x", inputs[0], tuple(NUMPY), layout="sparse")
        typed("result", output, (inputs[0].dtype,), inputs[0].columns)
        if absent != 0 and output.dtype == "i64":
            raise ValueError(f"absent: expected 0 among i64, got {absent}")
        if repeats not in ("sum", "last", "last stored"):
            raise ValueError(f"repeats: expected 'sum', 'last' or 'last stored', got {repeats!r}")
        self.width, self.kind = output.columns, ["f32", "f64", "i64"].index(output.dtype)
        self.absent, self.last, self.all = absent, repeats != "sum", repeats == "last stored"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Slot* x = inputs[0]
        if self.kind == 0:
            self.write(x, <float*>x.values, <float*>output.values, frame.rows)
        elif self.kind == 1:
            self.write(x, <double*>x.values, <double*>output.values, frame.rows)
        else:
            self.write(x, <int64_t*>x.values, <int64_t*>output.values, frame.rows)
        return OK

    cdef void write(self, Slot* x, const number* values, number* y, int64_t rows) noexcept nogil:
        cdef int64_t i
        cdef number absent = <number>self.absent
        if absent == 0:
            memset(y, 0, <size_t>(rows * self.width) * sizeof(number))
        else:
            for i in range(rows * self.width):
                y[i] = absent
        if self.last:
            keep_last(x, values, y, rows, self.width, absent, self.all)
        else:
            add_up(x, values, y, rows, self.width, absent)


cdef inline void add_up(
    Slot* x, const number* values, number* y, int64_t rows, int64_t width, number absent
) noexcept nogil:
    cdef int64_t row, k
    for row in range(rows):
        if absent != 0:  # stored values start at zero
            for k in range(x.starts[row], x.starts[row + 1]):
                y[row * width + x.columns[k]] = 0
        for k in range(x.starts[row], x.starts[row + 1]):
            y[row * width + x.columns[k]] += values[k]


cdef inline void keep_last(
    Slot* x, const number* values, number* y, int64_t rows, int64_t width, number absent, bint all
) noexcept nogil:
    cdef int64_t row, k
    cdef bint is_nan = absent != absent
    for row in range(rows):
        for k in range(x.starts[row], x.starts[row + 1]):
            if all or ((values[k] == values[k]) if is_nan else (values[k] != absent)):
                y[row * width + x.columns[k]] = values[k]


cdef class Sparsify(Kernel):
    """The nonzero values of dense rows, NaN included (``scipy.sparse.csr_matrix``)."""

    cdef int64_t width
    cdef int kind

    def __init__(self, inputs, output):
        typed("x", inputs[0], tuple(NUMPY))
        typed("result", output, (inputs[0].dtype,), inputs[0].columns, layout="sparse")
        self.width, self.kind = output.columns, ["f32", "f64", "i64"].index(output.dtype)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef void* x = inputs[0].values
        if reserve_sparse(frame, output, frame.rows * self.width, 4 if self.kind == 0 else 8):
            return OUT_OF_MEMORY
        if self.kind == 0:
            sparsify(<float*>x, output, <float*>output.values, frame.rows, self.width)
        elif self.kind == 1:
            sparsify(<double*>x, output, <double*>output.values, frame.rows, self.width)
        else:
            sparsify(<int64_t*>x, output, <int64_t*>output.values, frame.rows, self.width)
        return OK


cdef inline void sparsify(const number* x, Slot* y, number* values, int64_t rows, int64_t width) noexcept nogil:
    cdef int64_t row, i, stored = 0
    y.starts[0] = 0
    for row in range(rows):
        for i in range(width):
            if x[i] != 0:
                values[stored], y.columns[stored] = x[i], <int32_t>i
                stored += 1
        x += width
        y.starts[row + 1] = stored
