"""Kernels that change the stored values of sparse rows and preserve their columns.

Scale, Elementwise, Normalize, Threshold, RequireFinite.
"""

from libc.math cimport fabs, isinf, isnan, sqrt
from libc.stdint cimport int32_t, int64_t

import numpy as np

from pretzel.kernels.checks import FLOATS, address, typed, vector
from pretzel.kernels.dense.elementwise import FUNCTIONS
from pretzel.kernels.dense.missing import describe_rejection
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reject, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.sparse.fusible cimport Values
from pretzel.kernels.types cimport real

cdef extern from "dense/elementwise.h" nogil:
    void pretzel_apply_f32(int function, const float* x, float* y, int64_t n) noexcept
    void pretzel_apply_f64(int function, const double* x, double* y, int64_t n) noexcept

cdef enum Norm:
    L1 = 0
    L2 = 1
    MAX = 2

cdef enum Refusal:
    HAS_NAN = 1
    HAS_INFINITY = 2


cdef inline int reserve_values(Frame* frame, Slot* x, Slot* y, int64_t itemsize) noexcept nogil:
    """Give y room for the values of x, at the same positions, and share the columns and the starts."""
    if reserve(&y.own_values, x.starts[frame.rows] * itemsize + 64) != OK:
        return OUT_OF_MEMORY
    y.values, y.columns, y.starts = y.own_values.at, x.columns, x.starts
    return OK


cdef class Scale(Values):
    """Each value times, or divided by, its column's factor, in float64 rounded to the type of x.

    ``Affine`` without a shift multiplies (``inplace_column_scale``, idf weights); ``Standardize`` without a mean
    divides.
    """

    cdef object array
    cdef const double* scale
    cdef bint divide

    def __init__(self, inputs, output, *, scale, divide=False):
        self.keep(inputs, output)
        self.divide = divide
        self.array = vector("scale", scale, "f64", output.columns)
        self.scale = <const double*><size_t>address(self.array)

    cdef void change(self, const Slot* x, void* y, int64_t rows) noexcept nogil:
        if self.single:
            scale(<float*>x.values, x.columns, <float*>y, x.starts[0], x.starts[rows], self.scale, self.divide)
        else:
            scale(<double*>x.values, x.columns, <double*>y, x.starts[0], x.starts[rows], self.scale, self.divide)


cdef class Divide(Scale):
    """``Standardize`` of sparse rows: each value divided by its column's scale."""

    def __init__(self, inputs, output, *, scale=None):
        scale = np.ones(output.columns) if scale is None else scale
        Scale.__init__(self, inputs, output, scale=scale, divide=True)


cdef inline void scale(
    const real* x, const int32_t* columns, real* y, int64_t begin, int64_t end, const double* factor, bint divide
) noexcept nogil:
    cdef int64_t k
    if divide:
        for k in range(begin, end):
            y[k] = <real>(<double>x[k] / factor[columns[k]])
    else:
        for k in range(begin, end):
            y[k] = <real>(<double>x[k] * factor[columns[k]])


cdef class Elementwise(Values):
    """A function of every stored value."""

    cdef int function

    def __init__(self, inputs, output, *, function):
        self.keep(inputs, output)
        self.function = FUNCTIONS[function]

    cdef void change(self, const Slot* x, void* y, int64_t rows) noexcept nogil:
        cdef int64_t begin = x.starts[0], n = x.starts[rows] - begin
        if self.single:
            pretzel_apply_f32(self.function, <float*>x.values + begin, <float*>y + begin, n)
        else:
            pretzel_apply_f64(self.function, <double*>x.values + begin, <double*>y + begin, n)


cdef class Normalize(Values):
    """Each row divided by its norm, with the roundings of ``sklearn.utils.sparsefuncs_fast``.

    l1, l2: magnitudes or squares in the type of x, added in float64, quotients in float64 and rounded.  max: all in
    the type of x.  A row whose norm is zero is unchanged.
    """

    cdef int norm

    def __init__(self, inputs, output, *, norm):
        self.keep(inputs, output)
        self.norm = ["l1", "l2", "max"].index(norm)

    cdef void change(self, const Slot* x, void* y, int64_t rows) noexcept nogil:
        cdef int64_t row
        for row in range(rows):
            if self.single:
                normalize(<float*>x.values, <float*>y, x.starts[row], x.starts[row + 1], self.norm)
            else:
                normalize(<double*>x.values, <double*>y, x.starts[row], x.starts[row + 1], self.norm)


cdef inline void normalize(const real* x, real* y, int64_t begin, int64_t end, int norm) noexcept nogil:
    cdef double size = norm_of(x, begin, end, norm)
    cdef int64_t k
    if size == 0:
        size = 1
    for k in range(begin, end):
        y[k] = <real>(x[k] / size)


cdef inline double norm_of(const real* x, int64_t begin, int64_t end, int norm) noexcept nogil:
    cdef double size = 0
    cdef int64_t k
    for k in range(begin, end):
        if norm == L1:
            size += fabs(x[k])
        elif norm == L2:
            size += <real>(x[k] * x[k])
        elif fabs(x[k]) > size or x[k] != x[k]:
            size = fabs(x[k])
    return sqrt(size) if norm == L2 else size


cdef class Threshold(Kernel):
    """One where a stored value is above ``value`` (or equal, if inclusive), else zero; values not stored are zero."""

    cdef double value
    cdef bint inclusive, single

    def __init__(self, inputs, output, *, value, inclusive):
        typed("x", inputs[0], FLOATS, layout="sparse")
        typed("result", output, ("i64",), inputs[0].columns, "sparse")
        self.value, self.inclusive, self.single = value, inclusive, inputs[0].dtype == "f32"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Slot* x = inputs[0]
        cdef int64_t begin = x.starts[0], end = x.starts[frame.rows]
        if reserve_values(frame, x, output, sizeof(int64_t)) != OK:
            return OUT_OF_MEMORY
        if self.single:
            compare(<float*>x.values, <int64_t*>output.values, begin, end, self.value, self.inclusive)
        else:
            compare(<double*>x.values, <int64_t*>output.values, begin, end, self.value, self.inclusive)
        return OK


cdef inline void compare(
    const real* x, int64_t* y, int64_t begin, int64_t end, double value, bint inclusive
) noexcept nogil:
    cdef int64_t k
    for k in range(begin, end):
        y[k] = x[k] >= value if inclusive else x[k] > value


cdef class RequireFinite(Values):
    """x unchanged; rejects stored infinities, and NaN unless it is allowed."""

    cdef bint allow_nan
    cdef str owner

    def __init__(self, inputs, output, *, owner, allow_nan):
        self.keep(inputs, output)
        self.owner, self.allow_nan = owner, allow_nan

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Slot* x = inputs[0]
        cdef int64_t row, k
        cdef double value
        for row in range(frame.rows):
            for k in range(x.starts[row], x.starts[row + 1]):
                value = (<float*>x.values)[k] if self.single else (<double*>x.values)[k]
                if isinf(value) or (isnan(value) and not self.allow_nan):
                    return reject(frame, HAS_NAN if isnan(value) else HAS_INFINITY, row, x.columns[k], value)
        output.values, output.columns, output.starts = x.values, x.columns, x.starts
        return OK

    def describe(self, code, row, column, value):
        return describe_rejection(code, row, column, self.owner, "float32" if self.single else "float64")
