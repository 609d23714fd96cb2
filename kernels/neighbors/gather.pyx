"""Values at the positions of the neighbours, and their combinations."""

from libc.math cimport INFINITY, NAN
from libc.stdint cimport int32_t, int64_t

from pretzel.kernels.checks import FLOATS, address, both, matrix, typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve, reserve_sparse
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real

cdef extern from "dense/sums.h" nogil:
    double pretzel_sum_f64(const double* x, int64_t n) noexcept


cdef class Gather(Kernel):
    """The values of each row at its own positions; NaN for a position out of range.

    Args:
        inputs: a dense x of floats, and positions ``i64[k]``.
        output: k columns of the type of x.
    """

    cdef int64_t width, count
    cdef bint single

    def __init__(self, inputs, output):
        x, positions = both(inputs)
        typed("x", x, FLOATS)
        typed("positions", positions, ("i64",), output.columns)
        typed("result", output, (x.dtype,))
        self.width, self.count, self.single = x.columns, output.columns, output.dtype == "f32"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* positions = <const int64_t*>inputs[1].values
        if self.single:
            gather(<float*>inputs[0].values, positions, <float*>output.values, frame.rows, self.width, self.count)
        else:
            gather(<double*>inputs[0].values, positions, <double*>output.values, frame.rows, self.width, self.count)
        return OK


cdef inline void gather(
    const real* x, const int64_t* positions, real* y, int64_t rows, int64_t width, int64_t count
) noexcept nogil:
    cdef int64_t row, i
    for row in range(rows):
        for i in range(count):
            y[i] = x[positions[i]] if 0 <= positions[i] < width else NAN
        x, y, positions = x + width, y + count, positions + count


cdef class Blend(Kernel):
    """The weighted sum of the table's rows at each row's positions, or the minimum of weight and entry together.

    Args:
        inputs: positions ``i64[k]`` and weights ``f64[k]``.
        output: one f64 per row, or m columns.
        table: ``f64[n]`` or ``f64[n, m]``.
        form: ``sum``, in NumPy's order along a row, or ``min``.

    Raises:
        ValueError: types, shapes or form do not fit.
    """

    cdef object array
    cdef const double* table
    cdef int64_t count, entries, width
    cdef bint least

    def __init__(self, inputs, output, *, table, form):
        if form not in ("sum", "min"):
            raise ValueError(f"form: expected sum or min, got {form!r}")
        positions, weights = both(inputs)
        self.count, self.width, self.entries = positions.columns, output.columns, len(table)
        typed("positions", positions, ("i64",))
        typed("weights", weights, ("f64",), self.count)
        typed("result", output, ("f64",))
        self.least = form == "min"
        self.array = matrix("table", table, "f64", (self.entries, self.width))
        self.table = <const double*><size_t>address(self.array)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* positions = <const int64_t*>inputs[0].values
        cdef const double* weights = <const double*>inputs[1].values
        cdef double* y = <double*>output.values
        cdef int64_t row, column
        if reserve(&frame.scratch, self.count * sizeof(double)) != OK:
            return OUT_OF_MEMORY
        for row in range(frame.rows):
            for column in range(self.width):
                y[row * self.width + column] = self.blend(positions, weights, column, <double*>frame.scratch.at)
            positions, weights = positions + self.count, weights + self.count
        return OK

    cdef double blend(
        self, const int64_t* positions, const double* weights, int64_t column, double* terms
    ) noexcept nogil:
        cdef int64_t i
        cdef double least = INFINITY, entry
        for i in range(self.count):
            if 0 <= positions[i] < self.entries:
                entry = self.table[positions[i] * self.width + column]
                terms[i] = weights[i] + entry if self.least else weights[i] * entry
            else:
                terms[i] = INFINITY if self.least else 0.0
        if not self.least:
            return 0.0 + pretzel_sum_f64(terms, self.count)  # NumPy starts at 0.0: a sum is never -0.0
        for i in range(self.count):
            if terms[i] < least or terms[i] != terms[i]:
                least = terms[i]
        return least


cdef class Scatter(Kernel):
    """A sparse row with each value at its position; of repeated positions the first counts.

    Args:
        inputs: positions ``i64[k]`` and k columns of floats.
        output: sparse rows of their type.
        width: the columns of the result.

    Raises:
        ValueError: types or width do not fit.
    """

    cdef int64_t count, width
    cdef bint single

    def __init__(self, inputs, output, *, width):
        positions, values = both(inputs)
        typed("positions", positions, ("i64",), values.columns)
        typed("values", values, FLOATS)
        typed("result", output, (values.dtype,), width, layout="sparse")
        self.count, self.width, self.single = positions.columns, width, output.dtype == "f32"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* positions = <const int64_t*>inputs[0].values
        cdef int64_t row, first, at = 0
        if reserve_sparse(frame, output, frame.rows * self.count, 4 if self.single else 8) != OK:
            return OUT_OF_MEMORY
        output.starts[0] = 0
        for row in range(frame.rows):
            first = row * self.count
            if self.single:
                at += insert(
                    positions + first, <float*>inputs[1].values + first, output.columns + at,
                    <float*>output.values + at, self.count, self.width,
                )
            else:
                at += insert(
                    positions + first, <double*>inputs[1].values + first, output.columns + at,
                    <double*>output.values + at, self.count, self.width,
                )
            output.starts[row + 1] = at
        return OK


cdef inline int64_t insert(
    const int64_t* positions, const real* x, int32_t* columns, real* y, int64_t count, int64_t width
) noexcept nogil:
    """Insert each value among those before it, and return the number of values."""
    cdef int64_t i, j, used = 0
    for i in range(count):
        if not 0 <= positions[i] < width:
            continue
        j = used
        while j > 0 and columns[j - 1] > positions[i]:
            j -= 1
        if j > 0 and columns[j - 1] == positions[i]:
            continue
        make_room(columns + j, y + j, used - j)
        columns[j], y[j] = <int32_t>positions[i], x[i]
        used += 1
    return used


cdef inline void make_room(int32_t* columns, real* y, int64_t count) noexcept nogil:
    cdef int64_t i
    for i in range(count, 0, -1):
        columns[i], y[i] = columns[i - 1], y[i - 1]
