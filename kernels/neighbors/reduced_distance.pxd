# Reduced distances, which order rows as distances do: squares for euclidean, powers for Minkowski.
from libc.math cimport fabs, pow
from libc.stdint cimport int64_t

cdef enum Metric:
    SQUARES = 0
    MANHATTAN = 1
    CHEBYSHEV = 2
    POWERS = 3
    CANBERRA = 4
    BRAYCURTIS = 5
    HAMMING = 6


cdef inline double squares(const double* x, const double* row, int64_t width) noexcept nogil:
    cdef double total = 0
    cdef int64_t i
    for i in range(width):
        total += (x[i] - row[i]) * (x[i] - row[i])
    return total


cdef inline double reduced_distance(
    int metric, double p, const double* x, const double* row, int64_t width
) noexcept nogil:
    cdef double total = 0, size = 0, gap, both
    cdef int64_t i
    if metric == SQUARES:
        return squares(x, row, width)
    for i in range(width):
        gap, both = fabs(x[i] - row[i]), fabs(x[i]) + fabs(row[i])
        if metric == CHEBYSHEV:
            total = gap if gap > total or gap != gap else total
        elif metric == POWERS:
            total += pow(gap, p)
        elif metric == CANBERRA:
            total += gap / both if both != 0 else 0
        elif metric == HAMMING:
            total += x[i] != row[i]
        else:
            total, size = total + gap, size + both
    if metric == BRAYCURTIS:
        return total / size if size != 0 else 0
    return total / width if metric == HAMMING and width > 0 else total
