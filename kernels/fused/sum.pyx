"""The sum of several values, in order, and a bias last."""

from libc.stdint cimport int64_t
from libc.string cimport memcpy

import numpy as np

from pretzel.kernels.checks import FLOATS, address, typed, vector
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real


cdef class Sum(Kernel):
    """``parts[0] + parts[1] + ... + bias``, each step rounded to the type of the parts."""

    cdef object array
    cdef const double* bias
    cdef int64_t width, parts
    cdef bint single

    def __init__(self, inputs, output, *, bias=None):
        typed("result", output, FLOATS)
        for i, part in enumerate(inputs):
            typed(f"part {i}", part, (output.dtype,), output.columns)
        if not inputs:
            raise ValueError("expected at least one part")
        self.width, self.parts, self.single = output.columns, len(inputs), output.dtype == "f32"
        # A bias of -0.0 leaves every sum unchanged; 0.0 would turn -0.0 into 0.0.
        self.array = vector("bias", np.full(self.width, -0.0) if bias is None else bias, "f64", self.width)
        self.bias = <const double*><size_t>address(self.array)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t part, count = frame.rows * self.width
        memcpy(output.values, inputs[0].values, count * (4 if self.single else 8))
        for part in range(1, self.parts):
            if self.single:
                add(<float*>inputs[part].values, <float*>output.values, count)
            else:
                add(<double*>inputs[part].values, <double*>output.values, count)
        if self.single:
            add_bias(self.bias, <float*>output.values, frame.rows, self.width)
        else:
            add_bias(self.bias, <double*>output.values, frame.rows, self.width)
        return OK


cdef inline void add(const real* x, real* y, int64_t count) noexcept nogil:
    cdef int64_t i
    for i in range(count):
        y[i] += x[i]


cdef inline void add_bias(const double* bias, real* y, int64_t rows, int64_t width) noexcept nogil:
    cdef int64_t row, i
    for row in range(rows):
        for i in range(width):
            y[i] = <real>(<double>y[i] + bias[i])
        y += width
