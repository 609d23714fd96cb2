"""Distances of dense rows to centers."""

from libc.math cimport fabs, sqrt
from libc.stdint cimport int64_t

from pretzel.kernels.dense.arrays import address, matrix, vector
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel

cdef extern from "dense/products.h" nogil:
    double dot_f64(const double* x, const double* w, int64_t width) noexcept
    double dot_f32_f64(const float* x, const double* w, int64_t width) noexcept

ctypedef fused real:
    float
    double

ctypedef fused result:
    float
    double

cdef enum Metric:
    SQEUCLIDEAN = 0
    EUCLIDEAN = 1
    MANHATTAN = 2
    CHEBYSHEV = 3
    COSINE = 4

METRICS = ["sqeuclidean", "euclidean", "manhattan", "chebyshev", "cosine"]


cdef class Distances(Kernel):
    """The distance of each row to each of k centers, in float64, rounded to the type of the result.

    Euclidean ones are ``-2 x.c + x.x + c.c``, never below zero (``sklearn.metrics.pairwise.euclidean_distances``), with
    ``norms`` the c.c; cosine ones are ``1 - x.c / (|x| |c|)`` within 0..2.
    """

    cdef object kept
    cdef const double* centers
    cdef const double* norms
    cdef int64_t width, k
    cdef int metric
    cdef bint single_x, single_y

    def __init__(self, inputs, output, *, centers, norms, metric):
        self.width, self.k = inputs[0].columns, output.columns
        self.single_x, self.single_y = inputs[0].dtype == "f32", output.dtype == "f32"
        self.metric = METRICS.index(metric)
        self.kept = matrix("centers", centers, "f64", (self.k, self.width)), vector("norms", norms, "f64", self.k)
        self.centers = <const double*><size_t>address(self.kept[0])
        self.norms = <const double*><size_t>address(self.kept[1])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t row
        for row in range(frame.rows):
            if not self.single_x:
                self.measure(<double*>inputs[0].values + row * self.width, <double*>output.values + row * self.k)
            elif self.single_y:
                self.measure_single(<float*>inputs[0].values + row * self.width, <float*>output.values + row * self.k)
            else:
                self.measure_wider(<float*>inputs[0].values + row * self.width, <double*>output.values + row * self.k)
        return OK

    cdef void measure(self, const double* x, double* y) noexcept nogil:
        distances(self.metric, x, y, self.centers, self.norms, self.width, self.k)

    cdef void measure_single(self, const float* x, float* y) noexcept nogil:
        distances(self.metric, x, y, self.centers, self.norms, self.width, self.k)

    cdef void measure_wider(self, const float* x, double* y) noexcept nogil:
        distances(self.metric, x, y, self.centers, self.norms, self.width, self.k)


cdef inline double dot(const real* x, const double* w, int64_t width) noexcept nogil:
    if real is float:
        return dot_f32_f64(x, w, width)
    else:
        return dot_f64(x, w, width)


cdef inline void distances(
    int metric, const real* x, result* y, const double* centers, const double* norms, int64_t width, int64_t k
) noexcept nogil:
    cdef int64_t c
    cdef double square = 0
    if metric != MANHATTAN and metric != CHEBYSHEV:
        for c in range(width):
            square += <double>x[c] * x[c]
    for c in range(k):
        if metric == MANHATTAN:
            y[c] = <result>manhattan(x, centers, width)
        elif metric == CHEBYSHEV:
            y[c] = <result>chebyshev(x, centers, width)
        elif metric == COSINE:
            y[c] = <result>cosine(dot(x, centers, width), square, norms[c])
        else:
            y[c] = <result>((-2 * dot(x, centers, width) + square) + norms[c])
            y[c] = 0 if y[c] < 0 else y[c]
            if metric == EUCLIDEAN:
                y[c] = <result>sqrt(y[c])
        centers += width


cdef inline double manhattan(const real* x, const double* center, int64_t width) noexcept nogil:
    cdef int64_t i
    cdef double total = 0
    for i in range(width):
        total += fabs(x[i] - center[i])
    return total


cdef inline double chebyshev(const real* x, const double* center, int64_t width) noexcept nogil:
    cdef int64_t i
    cdef double largest = 0, d
    for i in range(width):
        d = fabs(x[i] - center[i])
        if d > largest or d != d:
            largest = d
    return largest


cdef inline double cosine(double product, double square, double norm) noexcept nogil:
    """A zero vector stays zero when it is normalized, so that its distance to all is 1."""
    cdef double size = sqrt(square) * sqrt(norm)
    cdef double d = 1 - (product / size if size != 0 else 0)
    return 0 if d < 0 else 2 if d > 2 else d
