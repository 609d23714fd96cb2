# A max-heap of the smallest values so far.  Its shape is that of sklearn.utils._heap, because it decides which of equal
# values is evicted.
from libc.math cimport INFINITY
from libc.stdint cimport int64_t


# Fills the heap with infinities at a position that means none.
cdef inline void empty(double* values, int64_t* positions, int64_t count, int64_t none) noexcept nogil:
    cdef int64_t i
    for i in range(count):
        values[i], positions[i] = INFINITY, none


# Replaces the largest by a smaller value; a NaN is not taken.
cdef inline void push(double* values, int64_t* positions, int64_t count, double value, int64_t position) noexcept nogil:
    cdef int64_t i = 0, child = 1
    if not value < values[0]:
        return
    while child < count:
        if child + 1 < count and values[child] < values[child + 1]:
            child += 1
        if not value < values[child]:
            break
        values[i], positions[i] = values[child], positions[child]
        i, child = child, 2 * child + 1
    values[i], positions[i] = value, position


# The same, but of equal values the one at the highest position is evicted; values arrive in order of position.
cdef inline void push_first(
    double* values, int64_t* positions, int64_t count, double value, int64_t position
) noexcept nogil:
    if value < values[0]:
        values[0], positions[0] = value, position
        sink(values, positions, 0, count)


# Sorts by value, then by position; empty places, which are infinities, come last.
cdef inline void sort(double* values, int64_t* positions, int64_t count) noexcept nogil:
    cdef int64_t i
    for i in range(count // 2 - 1, -1, -1):
        sink(values, positions, i, count)
    for i in range(count - 1, 0, -1):
        values[0], values[i] = values[i], values[0]
        positions[0], positions[i] = positions[i], positions[0]
        sink(values, positions, 0, i)


cdef inline void sink(double* values, int64_t* positions, int64_t i, int64_t count) noexcept nogil:
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
    return a > b or (a == b and i > j)
