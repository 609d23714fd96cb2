"""Columns of Python objects, held as floats in which one NaN encodes None."""

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from pretzel.kernels.checks import address, alike, vector
from pretzel.kernels.frame cimport OK, Frame, Slot, reject
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real

cdef extern from "none.h" nogil:
    bint number_is_none(double x)


cdef class ImputeObjects(Kernel):
    """Replace missing values by the fill value of their column; None and NaN are different values.

    Args:
        inputs: dense f32 or f64.
        output: the same.
        fill: ``[width]`` of that type.
        missing: the number that means missing; NaN matches NaN, and not None.
        missing_none: None means missing instead.

    Raises:
        ValueError: types or shape do not fit.
    """

    cdef object array
    cdef const void* fill
    cdef double missing
    cdef bint missing_none, single
    cdef int64_t width

    def __init__(self, inputs, output, *, fill, missing, missing_none):
        alike(inputs, output, ("f32", "f64"))
        self.width, self.missing, self.missing_none = output.columns, missing, missing_none
        self.single = output.dtype == "f32"
        self.array = vector("fill", fill, output.dtype, self.width)
        self.fill = <const void*><size_t>address(self.array)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t n = frame.rows * self.width, at
        cdef void* x = inputs[0].values
        if self.single:
            at = impute(<float*>x, <float*>output.values, n, self.width, <const float*>self.fill, self.missing,
                        self.missing_none)
        else:
            at = impute(<double*>x, <double*>output.values, n, self.width, <const double*>self.fill, self.missing,
                        self.missing_none)
        return OK if at == n else reject(frame, 0, at // self.width, at % self.width, 0.0)

    def describe(self, code, row, column, value) -> str:
        """Describe it as ``check_array`` does."""
        return f"row {row}, column {column}: Input X contains NaN, which this SimpleImputer does not take as missing"


cdef inline int64_t impute(
    const real* x, real* y, int64_t n, int64_t width, const real* fill, double missing, bint missing_none
) noexcept nogil:
    """Fill missing values; return n, or the position of a rejected NaN."""
    cdef int64_t i
    cdef bint none
    for i in range(n):
        # A NaN is copied as bits: arithmetic could lose the payload that marks None.
        memcpy(&y[i], &x[i], sizeof(real))
        if x[i] == x[i]:
            if not missing_none and x[i] == missing:
                y[i] = fill[i % width]
            continue
        none = number_is_none(x[i])
        if none == missing_none and (none or missing != missing):
            y[i] = fill[i % width]
        elif not none:
            return i
    return n
