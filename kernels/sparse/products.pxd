# Products of a sparse row with the columns of weights, each sum in the order of the stored values and in a register.
from libc.stdint cimport int32_t, int64_t

from pretzel.kernels.types cimport real, result


cdef inline void multiply_row(
    const real* values, const int32_t* columns, int64_t count, const result* weights, int64_t k, result* y
) noexcept nogil:
    """Write the k products of a row with weights ``[width, k]``, as many columns at a time as have registers."""
    cdef int64_t c = 0
    while k - c >= 8:
        add_columns(values, columns, count, weights + c, k, y + c, 8)
        c += 8
    if k - c >= 4:
        add_columns(values, columns, count, weights + c, k, y + c, 4)
        c += 4
    if k - c >= 2:
        add_columns(values, columns, count, weights + c, k, y + c, 2)
        c += 2
    if k - c >= 1:
        add_columns(values, columns, count, weights + c, k, y + c, 1)


# `lanes` is a constant at every call, so that the sums stay in registers.
cdef inline void add_columns(
    const real* values, const int32_t* columns, int64_t count, const result* weights, int64_t k, result* y,
    const int lanes
) noexcept nogil:
    cdef result sums[8]
    cdef result value
    cdef const result* row
    cdef int64_t i
    cdef int lane
    for lane in range(lanes):
        sums[lane] = 0
    for i in range(count):
        value, row = <result>values[i], weights + columns[i] * k
        for lane in range(lanes):
            sums[lane] += value * row[lane]
    for lane in range(lanes):
        y[lane] = sums[lane]
