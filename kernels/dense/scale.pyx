"""Column-wise arithmetic on dense floats: Affine, Standardize, Clip.

Parameters are held as float64 and every step is rounded to the type of x.  NumPy's in-place operators give the same
bits, for float64 parameters (computed in float64, then rounded) and for float32: rounding the exact product, sum or
quotient of two float32 through float64 gives the float32 result.
"""

from libc.stdint cimport int64_t

import numpy as np

from pretzel.kernels.checks import address, alike, vector
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real


cdef class _Columnwise(Kernel):
    """Base of all three: two numbers per column, and the width and the type of x."""

    cdef object arrays
    cdef const void* first
    cdef const void* second
    cdef int64_t width
    cdef bint single

    cdef int keep(self, inputs, output, str dtype, dict pair) except -1:
        alike(inputs, output)
        self.width, self.single = output.columns, output.dtype == "f32"
        self.arrays = [vector(name, array, dtype, self.width) for name, array in pair.items()]
        self.first = <const void*><size_t>address(self.arrays[0])
        self.second = <const void*><size_t>address(self.arrays[1])
        return 0


cdef class Affine(_Columnwise):
    """``x * scale + shift`` (``MinMaxScaler``, idf weights), the product rounded before the sum.

    Args:
        inputs: dense f32 or f64.
        output: the same.
        scale: ``[width]`` floats.
        shift: ``[width]`` floats, or None.

    Raises:
        ValueError: types or shapes do not fit.
    """

    def __init__(self, inputs, output, *, scale, shift=None):
        # Adding -0.0 leaves every product unchanged; adding 0.0 would turn -0.0 into 0.0.
        shift = np.full(output.columns, -0.0) if shift is None else shift
        self.keep(inputs, output, "f64", {"scale": scale, "shift": shift})

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const double* scale = <const double*>self.first
        cdef const double* shift = <const double*>self.second
        if self.single:
            affine(<float*>inputs[0].values, <float*>output.values, frame.rows, self.width, scale, shift)
        else:
            affine(<double*>inputs[0].values, <double*>output.values, frame.rows, self.width, scale, shift)
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


cdef class Standardize(_Columnwise):
    """``(x - mean) / scale``, rounded twice (``StandardScaler.transform``, ``RobustScaler.transform``).

    Args:
        inputs: dense f32 or f64.
        output: the same.
        mean: ``[width]`` floats, or None.
        scale: ``[width]`` floats, or None.

    Raises:
        ValueError: types or shapes do not fit.
    """

    def __init__(self, inputs, output, *, mean=None, scale=None):
        mean = np.zeros(output.columns) if mean is None else mean
        scale = np.ones(output.columns) if scale is None else scale
        self.keep(inputs, output, "f64", {"mean": mean, "scale": scale})

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const double* mean = <const double*>self.first
        cdef const double* scale = <const double*>self.second
        if self.single:
            standardize(<float*>inputs[0].values, <float*>output.values, frame.rows, self.width, mean, scale)
        else:
            standardize(<double*>inputs[0].values, <double*>output.values, frame.rows, self.width, mean, scale)
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


cdef class Clip(_Columnwise):
    """Each column clipped to two bounds; NaN stays.

    Args:
        inputs: dense f32 or f64.
        output: the same.
        low: ``[width]`` floats, rounded to the type of x.
        high: the same; it wins if it is below ``low``.

    Raises:
        ValueError: types or shapes do not fit.
    """

    def __init__(self, inputs, output, *, low, high):
        self.keep(inputs, output, output.dtype, {"low": low, "high": high})

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef void* x = inputs[0].values
        cdef void* y = output.values
        if self.single:
            clip(<float*>x, <float*>y, frame.rows, self.width, <const float*>self.first, <const float*>self.second)
        else:
            clip(<double*>x, <double*>y, frame.rows, self.width, <const double*>self.first, <const double*>self.second)
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
