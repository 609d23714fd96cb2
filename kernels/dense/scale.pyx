"""Column by column arithmetic on dense floats: Affine, Standardize, Clip.

Parameters are held as float64 and every step is rounded to the type of x.  That is what NumPy's in-place operators give,
whether the parameter is float64 (computed in float64, then rounded) or float32: one rounding of the exact product, sum or
quotient of two float32 by way of float64 is the float32 result.
"""

from libc.stdint cimport int64_t

import numpy as np

from pretzel.kernels.checks import address, alike, vector
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel

ctypedef fused real:
    float
    double


cdef class Affine(Kernel):
    """``x * scale + shift`` (``MinMaxScaler``, idf weights), the product rounded before the sum."""

    cdef object kept
    cdef const double* scale
    cdef const double* shift
    cdef int64_t width
    cdef bint single

    def __init__(self, inputs, output, *, scale, shift=None):
        alike(inputs, output)
        self.width, self.single = output.columns, output.dtype == "f32"
        # Adding -0.0 leaves every product as it is; adding 0.0 would turn -0.0 into 0.0.
        shift = np.full(self.width, -0.0) if shift is None else shift
        self.kept = vector("scale", scale, "f64", self.width), vector("shift", shift, "f64", self.width)
        self.scale = <const double*><size_t>address(self.kept[0])
        self.shift = <const double*><size_t>address(self.kept[1])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        if self.single:
            affine(<float*>inputs[0].values, <float*>output.values, frame.rows, self.width, self.scale, self.shift)
        else:
            affine(<double*>inputs[0].values, <double*>output.values, frame.rows, self.width, self.scale, self.shift)
        return OK


cdef inline void affine(
    const real* x, real* y, int64_t rows, int64_t width, const double* scale, const double* shift
) noexcept nogil:
    cdef int64_t row, i
    for row in range(rows):
        for i in range(width):
            y[i] = <real>(<double><real>(<double>x[i] * scale[i]) + shift[i])
        x += width
        y += width


cdef class Standardize(Kernel):
    """``(x - mean) / scale``, rounded twice (``StandardScaler.transform``, ``RobustScaler.transform``)."""

    cdef object kept
    cdef const double* mean
    cdef const double* scale
    cdef int64_t width
    cdef bint single

    def __init__(self, inputs, output, *, mean=None, scale=None):
        alike(inputs, output)
        self.width, self.single = output.columns, output.dtype == "f32"
        mean = np.zeros(self.width) if mean is None else mean
        scale = np.ones(self.width) if scale is None else scale
        self.kept = vector("mean", mean, "f64", self.width), vector("scale", scale, "f64", self.width)
        self.mean = <const double*><size_t>address(self.kept[0])
        self.scale = <const double*><size_t>address(self.kept[1])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        if self.single:
            standardize(<float*>inputs[0].values, <float*>output.values, frame.rows, self.width, self.mean, self.scale)
        else:
            standardize(<double*>inputs[0].values, <double*>output.values, frame.rows, self.width, self.mean, self.scale)
        return OK


cdef inline void standardize(
    const real* x, real* y, int64_t rows, int64_t width, const double* mean, const double* scale
) noexcept nogil:
    cdef int64_t row, i
    for row in range(rows):
        for i in range(width):
            y[i] = <real>(<double><real>(<double>x[i] - mean[i]) / scale[i])
        x += width
        y += width


cdef class Clip(Kernel):
    """Each column held between two bounds; NaN stays."""

    cdef object kept
    cdef const void* low
    cdef const void* high
    cdef int64_t width
    cdef bint single

    def __init__(self, inputs, output, *, low, high):
        alike(inputs, output)
        self.width, self.single = output.columns, output.dtype == "f32"
        self.kept = vector("low", low, output.dtype, self.width), vector("high", high, output.dtype, self.width)
        self.low = <const void*><size_t>address(self.kept[0])
        self.high = <const void*><size_t>address(self.kept[1])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef void* x = inputs[0].values
        if self.single:
            clip(<float*>x, <float*>output.values, frame.rows, self.width, <const float*>self.low, <const float*>self.high)
        else:
            clip(<double*>x, <double*>output.values, frame.rows, self.width, <const double*>self.low, <const double*>self.high)
        return OK


cdef inline void clip(
    const real* x, real* y, int64_t rows, int64_t width, const real* low, const real* high
) noexcept nogil:
    cdef int64_t row, i
    for row in range(rows):
        for i in range(width):
            y[i] = low[i] if x[i] < low[i] else x[i]
            y[i] = high[i] if y[i] > high[i] else y[i]
        x += width
        y += width
