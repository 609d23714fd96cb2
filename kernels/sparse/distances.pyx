"""Distances of sparse rows to dense centers."""

from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t

from pretzel.kernels.checks import FLOATS, address, matrix, typed, vector
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real, result


cdef class _Distances(Kernel):
    """Base of both kernels: centers ``[k, width]`` and the squared norm of each."""

    cdef object arrays
    cdef const void* centers
    cdef const void* norms
    cdef int64_t k, width
    cdef bint single_x, single_y

    cdef int keep(self, inputs, output, centers, norms, str dtype) except -1:
        typed("x", inputs[0], FLOATS, layout="sparse")
        typed("result", output, FLOATS if inputs[0].dtype == "f32" else ("f64",))
        self.width, self.k = inputs[0].columns, output.columns
        self.single_x, self.single_y = inputs[0].dtype == "f32", output.dtype == "f32"
        self.arrays = matrix("centers", centers, dtype, (self.k, self.width)), vector("norms", norms, dtype, self.k)
        self.centers = <const void*><size_t>address(self.arrays[0])
        self.norms = <const void*><size_t>address(self.arrays[1])
        return 0


cdef class Squared(_Distances):
    """Squared Euclidean: the sum over stored values of ``(x - c)**2 - c**2``, plus ``c.c``, never below zero.

    In the order and the type of ``sklearn.cluster._k_means_common._euclidean_sparse_dense``, so that ties are equal.
    """

    def __init__(self, inputs, output, *, centers, norms, metric):
        self.keep(inputs, output, centers, norms, output.dtype)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Slot* x = inputs[0]
        cdef void* y = output.values
        if self.single_y:
            squared(
                x, <float*>x.values, <float*>self.centers, <float*>self.norms, <float*>y, frame.rows, self.k, self.width
            )
        elif self.single_x:
            squared(
                x, <float*>x.values, <double*>self.centers, <double*>self.norms, <double*>y, frame.rows, self.k,
                self.width,
            )
        else:
            squared(
                x, <double*>x.values, <double*>self.centers, <double*>self.norms, <double*>y, frame.rows, self.k,
                self.width,
            )
        return OK


cdef inline void squared(
    Slot* x, const real* values, const result* centers, const result* norms, result* y,
    int64_t rows, int64_t k, int64_t width
) noexcept nogil:
    cdef int64_t row, c
    for row in range(rows):
        for c in range(k):
            y[row * k + c] = from_center(
                values, x.columns, x.starts[row], x.starts[row + 1], centers + c * width, norms[c]
            )


cdef inline result from_center(
    const real* values, const int32_t* columns, int64_t begin, int64_t end, const result* center, result norm
) noexcept nogil:
    cdef result total = 0, here, away
    cdef int64_t i
    for i in range(begin, end):
        here = center[columns[i]]
        away = <result>values[i] - here
        total += away * away - here * here
    total += norm
    return 0 if total < 0 else total


cdef class Euclidean(_Distances):
    """``sqrt(-2 x.c + x.x + c.c)`` in float64 in the order of the stored values, rounded to the type of the result."""

    def __init__(self, inputs, output, *, centers, norms, metric):
        self.keep(inputs, output, centers, norms, "f64")

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Slot* x = inputs[0]
        if self.single_y:
            self.measure(x, <float*>x.values, <float*>output.values, frame.rows)
        elif self.single_x:
            self.measure_wider(x, <float*>x.values, <double*>output.values, frame.rows)
        else:
            self.measure_double(x, <double*>x.values, <double*>output.values, frame.rows)
        return OK

    cdef void measure(self, Slot* x, const float* values, float* y, int64_t rows) noexcept nogil:
        euclidean(x, values, <double*>self.centers, <double*>self.norms, y, rows, self.k, self.width)

    cdef void measure_wider(self, Slot* x, const float* values, double* y, int64_t rows) noexcept nogil:
        euclidean(x, values, <double*>self.centers, <double*>self.norms, y, rows, self.k, self.width)

    cdef void measure_double(self, Slot* x, const double* values, double* y, int64_t rows) noexcept nogil:
        euclidean(x, values, <double*>self.centers, <double*>self.norms, y, rows, self.k, self.width)


cdef inline void euclidean(
    Slot* x, const real* values, const double* centers, const double* norms, result* y,
    int64_t rows, int64_t k, int64_t width
) noexcept nogil:
    cdef int64_t row, c, i
    cdef double square, product
    cdef result d
    for row in range(rows):
        square = 0
        for i in range(x.starts[row], x.starts[row + 1]):
            square += <double>values[i] * values[i]
        for c in range(k):
            product = 0
            for i in range(x.starts[row], x.starts[row + 1]):
                product += <double>values[i] * centers[c * width + x.columns[i]]
            d = <result>((-2 * product + square) + norms[c])
            y[row * k + c] = <result>sqrt(0 if d < 0 else d)
