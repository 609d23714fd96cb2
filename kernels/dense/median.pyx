"""The weighted median of each row."""

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from pretzel.kernels.checks import FLOATS, address, typed, vector
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real


cdef class WeightedMedian(Kernel):
    """The first value, in ascending order, that brings the weights to half of their sum (``AdaBoostRegressor``).

    Args:
        inputs: dense f32 or f64, of at least one column.
        output: one value per row of that type.
        weights: ``f64[width]``, not negative.

    Raises:
        ValueError: types or shape do not fit, or x has no columns.
    """

    cdef object array
    cdef const double* weights
    cdef int64_t width
    cdef bint single

    def __init__(self, inputs, output, *, weights):
        typed("x", inputs[0], FLOATS)
        typed("result", output, (inputs[0].dtype,), 1)
        self.width, self.single = inputs[0].columns, output.dtype == "f32"
        if self.width == 0:
            raise ValueError("x: expected a column at least")
        self.array = vector("weights", weights, "f64", self.width)
        self.weights = <const double*><size_t>address(self.array)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t row
        cdef int64_t* order
        if reserve(&frame.scratch, 2 * self.width * sizeof(int64_t)):
            return OUT_OF_MEMORY
        order = <int64_t*>frame.scratch.at
        for row in range(frame.rows):
            if self.single:
                (<float*>output.values)[row] = middle_of(
                    <float*>inputs[0].values + row * self.width, order, self.weights, self.width
                )
            else:
                (<double*>output.values)[row] = middle_of(
                    <double*>inputs[0].values + row * self.width, order, self.weights, self.width
                )
        return OK


cdef inline real middle_of(const real* x, int64_t* order, const double* weights, int64_t width) noexcept nogil:
    cdef int64_t i
    cdef double total = 0, reached = 0
    sort(x, order, order + width, width)
    for i in range(width):
        total += weights[order[i]]
    for i in range(width):
        reached += weights[order[i]]
        if reached >= 0.5 * total:
            return x[order[i]]
    return x[order[width - 1]]


cdef inline void sort(const real* x, int64_t* order, int64_t* spare, int64_t count) noexcept nogil:
    """Sort the positions by value, stably: a bottom-up merge sort."""
    cdef int64_t size = 1, first, i
    for i in range(count):
        order[i] = i
    while size < count:
        first = 0
        while first < count:
            merge(x, order + first, spare + first, min(size, count - first), min(2 * size, count - first))
            first += 2 * size
        memcpy(order, spare, count * sizeof(int64_t))
        size *= 2


cdef inline void merge(const real* x, const int64_t* order, int64_t* out, int64_t half, int64_t count) noexcept nogil:
    cdef int64_t i = 0, j = half, k
    for k in range(count):
        if j == count or (i < half and not is_less(x[order[j]], x[order[i]])):
            out[k] = order[i]
            i += 1
        else:
            out[k] = order[j]
            j += 1


cdef inline bint is_less(real a, real b) noexcept nogil:
    """Return whether x is below y; a NaN is larger than every number."""
    return a < b or (b != b and a == a)
