"""Several columns reduced to one number: Reduce."""

from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint64_t

import numpy as np

from pretzel.kernels.checks import address, positions, typed
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport number

cdef extern from "math.h" nogil:
    const double INFINITY

cdef enum Function:
    SUM = 0
    MINIMUM = 1
    MAXIMUM = 2

REDUCTIONS = {"sum": SUM, "minimum": MINIMUM, "maximum": MAXIMUM}


cdef class Reduce(Kernel):
    """For each row of ``columns`` those columns of x reduced from left to right to one number.

    Args:
        inputs: dense f32, f64 or i64.
        output: k columns of that type.
        columns: ``i64[k, n]``.
        function: one of ``REDUCTIONS``.

    Raises:
        ValueError: a column is outside x, or the types do not fit.
    """

    cdef object array
    cdef const int64_t* columns
    cdef int64_t width, k, n
    cdef int function
    cdef int kind

    def __init__(self, inputs, output, *, columns, function):
        typed("x", inputs[0], ("f32", "f64", "i64"))
        if columns.ndim != 2:
            raise ValueError(f"columns: expected two dimensions, got {columns.ndim}")
        typed("result", output, (inputs[0].dtype,), columns.shape[0])
        self.array = positions("columns", np.ravel(columns), inputs[0].columns)
        self.columns = <const int64_t*><size_t>address(self.array)
        self.k, self.n, self.width = columns.shape[0], columns.shape[1], inputs[0].columns
        self.function = REDUCTIONS[function]
        self.kind = ("f32", "f64", "i64").index(output.dtype)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef void* x = inputs[0].values
        cdef void* y = output.values
        if self.kind == 0:
            reduce(<float*>x, <float*>y, frame.rows, self.width, self.columns, self.k, self.n, self.function)
        elif self.kind == 1:
            reduce(<double*>x, <double*>y, frame.rows, self.width, self.columns, self.k, self.n, self.function)
        else:
            reduce(<int64_t*>x, <int64_t*>y, frame.rows, self.width, self.columns, self.k, self.n, self.function)
        return OK


cdef inline void reduce(
    const number* x, number* y, int64_t rows, int64_t width, const int64_t* columns, int64_t k, int64_t n, int function
) noexcept nogil:
    cdef int64_t row, i
    for row in range(rows):
        for i in range(k):
            y[i] = total(x, columns + i * n, n) if function == SUM else extreme(x, columns + i * n, n, function)
        x += width
        y += k


cdef inline number total(const number* x, const int64_t* columns, int64_t n) noexcept nogil:
    cdef uint64_t integer_total = 0  # wraps; signed overflow would be undefined
    cdef double y = 0
    cdef int64_t i
    if number is int64_t:
        for i in range(n):
            integer_total += <uint64_t>x[columns[i]]
        return <int64_t>integer_total
    else:
        for i in range(n):
            y += x[columns[i]]
        return <number>y


cdef inline number extreme(const number* x, const int64_t* columns, int64_t n, int function) noexcept nogil:
    cdef number y, v
    cdef int64_t i
    if number is int64_t:
        y = INT64_MAX if function == MINIMUM else INT64_MIN
    else:
        y = INFINITY if function == MINIMUM else -INFINITY
    for i in range(n):
        v = x[columns[i]]
        if not (is_nan(y) or (y < v if function == MINIMUM else y > v)):
            y = v
    return y


cdef inline bint is_nan(number y) noexcept nogil:
    if number is int64_t:
        return False
    else:
        return y != y
