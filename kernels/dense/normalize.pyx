"""Dense rows divided by their norm."""

from libc.float cimport DBL_EPSILON, FLT_EPSILON, FLT_MAX
from libc.math cimport INFINITY, fabs, sqrt
from libc.stdint cimport int64_t

from pretzel.kernels.checks import alike
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real

cdef extern from "dense/sums.h" nogil:
    float pretzel_sum_f32(const float* x, int64_t n) noexcept
    double pretzel_sum_f64(const double* x, int64_t n) noexcept

cdef enum Norm:
    L1 = 0
    L2 = 1
    MAX = 2


cdef class Normalize(Kernel):
    """``x / norm(x)``, the norm rounded to the type of x, and 1 if below ten epsilons (``preprocessing.normalize``).

    Args:
        inputs: dense f32 or f64.
        output: the same.
        norm: l1, l2 or max.

    Raises:
        ValueError: the types do not fit, or the norm is unknown.
    """

    cdef int norm
    cdef int64_t width
    cdef bint single

    def __init__(self, inputs, output, *, norm):
        alike(inputs, output)
        self.norm = ["l1", "l2", "max"].index(norm)
        self.width, self.single = output.columns, output.dtype == "f32"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        # One row of magnitudes, for the sum that must be taken in NumPy's order.
        if reserve(&frame.scratch, self.width * 8) != OK:
            return OUT_OF_MEMORY
        if self.single:
            normalize(
                <float*>inputs[0].values, <float*>output.values, frame.rows, self.width, self.norm,
                <float*>frame.scratch.at,
            )
        else:
            normalize(
                <double*>inputs[0].values, <double*>output.values, frame.rows, self.width, self.norm,
                <double*>frame.scratch.at,
            )
        return OK


cdef inline void normalize(const real* x, real* y, int64_t rows, int64_t width, int norm, real* scratch) noexcept nogil:
    cdef int64_t row, i
    cdef real size
    for row in range(rows):
        size = norm_of(x, width, norm, scratch)
        size = 1 if is_nearly_zero(size) else size
        for i in range(width):
            y[i] = x[i] / size
        x += width
        y += width


cdef inline bint is_nearly_zero(real size) noexcept nogil:
    if real is float:
        return size < 10 * <float>FLT_EPSILON
    else:
        return size < 10 * DBL_EPSILON


cdef inline real sum_of(const real* x, int64_t n) noexcept nogil:
    if real is float:
        return pretzel_sum_f32(x, n)
    else:
        return pretzel_sum_f64(x, n)


cdef inline real norm_of(const real* x, int64_t width, int norm, real* scratch) noexcept nogil:
    cdef int64_t i
    cdef double squares = 0
    cdef real largest = 0
    if norm == L2:
        for i in range(width):
            squares += <double>x[i] * x[i]
        if real is float and squares > FLT_MAX:  # the library adds the squares in float32
            return INFINITY
        return <real>sqrt(squares)
    for i in range(width):
        scratch[i] = <real>fabs(x[i])
    if norm == L1:
        return sum_of(scratch, width)
    for i in range(width):
        if scratch[i] > largest or scratch[i] != scratch[i]:
            largest = scratch[i]
    return largest
