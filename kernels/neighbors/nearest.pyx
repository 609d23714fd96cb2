"""Which values of a row are the smallest."""

from libc.stdint cimport int64_t

from pretzel.kernels.checks import FLOATS, typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel

ctypedef fused real:
    float
    double


cdef class Nearest(Kernel):
    """The positions of each row's smallest values, ascending; of equals the first, and NaN last of all.

    Args:
        inputs: one dense x of floats, of at least ``count`` columns.
        output: ``i64[count]``.
        count: how many.
        limit: where a value is above it, -1 stands for its position.

    Raises:
        ValueError: types or count do not fit.
    """

    cdef int64_t width, count
    cdef double limit
    cdef bint single

    def __init__(self, inputs, output, *, count, limit):
        typed("x", inputs[0], FLOATS)
        typed("result", output, ("i64",), count)
        self.width, self.count, self.limit = inputs[0].columns, count, limit
        self.single = inputs[0].dtype == "f32"
        if not 1 <= self.count <= self.width:
            raise ValueError(f"count: expected 1..{self.width}, got {count}")

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t* y = <int64_t*>output.values
        cdef int64_t row
        if reserve(&frame.scratch, self.count * sizeof(double)) != OK:
            return OUT_OF_MEMORY
        for row in range(frame.rows):
            if self.single:
                select(<float*>inputs[0].values + row * self.width, <double*>frame.scratch.at, y, self.width, self.count)
            else:
                select(<double*>inputs[0].values + row * self.width, <double*>frame.scratch.at, y, self.width, self.count)
            forget(<double*>frame.scratch.at, y, self.count, self.limit)
            y += self.count
        return OK


cdef inline void select(const real* x, double* values, int64_t* positions, int64_t width, int64_t count) noexcept nogil:
    """Keep the smallest so far in a heap with the last of them on top, then take the top off until none is left."""
    cdef int64_t i
    for i in range(count):
        values[i], positions[i] = x[i], i
    for i in range(count // 2 - 1, -1, -1):
        sink(values, positions, i, count)
    for i in range(count, width):
        if x[i] < values[0] or (values[0] != values[0] and x[i] == x[i]):
            values[0], positions[0] = x[i], i
            sink(values, positions, 0, count)
    for i in range(count - 1, 0, -1):
        values[0], values[i] = values[i], values[0]
        positions[0], positions[i] = positions[i], positions[0]
        sink(values, positions, 0, i)


cdef inline void forget(const double* values, int64_t* positions, int64_t count, double limit) noexcept nogil:
    cdef int64_t i
    for i in range(count):
        if values[i] > limit:
            positions[i] = -1


cdef inline void sink(double* values, int64_t* positions, int64_t i, int64_t count) noexcept nogil:
    """Let entry i down until no child of it comes later."""
    cdef double value = values[i]
    cdef int64_t position = positions[i], child = 2 * i + 1
    while child < count:
        if child + 1 < count and later(values[child + 1], positions[child + 1], values[child], positions[child]):
            child += 1
        if not later(values[child], positions[child], value, position):
            break
        values[i], positions[i] = values[child], positions[child]
        i, child = child, 2 * child + 1
    values[i], positions[i] = value, position


cdef inline bint later(double a, int64_t i, double b, int64_t j) noexcept nogil:
    """Whether value a at position i comes after value b at position j."""
    if a != a or b != b:
        return i > j if a != a and b != b else a != a
    return a > b or (a == b and i > j)
