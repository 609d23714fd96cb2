"""Sparse rows times weights: each sum in the order of the stored values, as SciPy's ``csr_matvec(s)`` adds."""

from libc.stdint cimport int32_t, int64_t

import numpy as np

from pretzel.kernels.checks import FLOATS, address, matrix, typed, vector
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel

ctypedef fused real:
    float
    double

ctypedef fused result:
    float
    double


cdef class Linear(Kernel):
    """``y = x @ weights + bias`` with weights ``[width, k]`` (or ``[width]``), products taken in the type of y."""

    cdef object kept
    cdef const void* weights
    cdef const void* bias
    cdef int64_t k
    cdef bint single_x, single_y

    def __init__(self, inputs, output, *, weights, bias=None):
        typed("x", inputs[0], FLOATS, layout="sparse")
        typed("result", output, FLOATS)
        self.k = output.columns
        self.single_x, self.single_y = inputs[0].dtype == "f32", output.dtype == "f32"
        if self.single_y and not self.single_x:
            raise ValueError("weights: a float64 x gives a float64 result")
        bias = np.full(self.k, -0.0) if bias is None else bias
        shape = (inputs[0].columns, self.k)
        self.kept = matrix("weights", weights, output.dtype, shape), vector("bias", bias, output.dtype, self.k)
        self.weights = <const void*><size_t>address(self.kept[0])
        self.bias = <const void*><size_t>address(self.kept[1])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Slot* x = inputs[0]
        cdef void* y = output.values
        if self.single_y:
            multiply(x, <float*>x.values, <const float*>self.weights, <const float*>self.bias, <float*>y, frame.rows, self.k)
        elif self.single_x:
            multiply(x, <float*>x.values, <const double*>self.weights, <const double*>self.bias, <double*>y, frame.rows, self.k)
        else:
            multiply(x, <double*>x.values, <const double*>self.weights, <const double*>self.bias, <double*>y, frame.rows, self.k)
        return OK


cdef inline void multiply(
    Slot* x, const real* values, const result* weights, const result* bias, result* y, int64_t rows, int64_t k
) noexcept nogil:
    cdef int64_t row
    for row in range(rows):
        if k == 1:
            y[row] = dot(values, x.columns, x.starts[row], x.starts[row + 1], weights) + bias[0]
        else:
            add_rows(values, x.columns, x.starts[row], x.starts[row + 1], weights, bias, y + row * k, k)


cdef inline result dot(
    const real* values, const int32_t* columns, int64_t begin, int64_t end, const result* weights
) noexcept nogil:
    cdef result total = 0
    cdef int64_t i
    for i in range(begin, end):
        total += <result>values[i] * weights[columns[i]]
    return total


cdef inline void add_rows(
    const real* values, const int32_t* columns, int64_t begin, int64_t end,
    const result* weights, const result* bias, result* y, int64_t k
) noexcept nogil:
    """One row of weights for each stored value, k sums side by side."""
    cdef int64_t i, c
    cdef result value
    cdef const result* row
    for c in range(k):
        y[c] = 0
    for i in range(begin, end):
        value, row = <result>values[i], weights + columns[i] * k
        for c in range(k):
            y[c] += value * row[c]
    for c in range(k):
        y[c] += bias[c]
