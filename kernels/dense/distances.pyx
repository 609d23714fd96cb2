"""Distances of dense rows to centers, computed from dot products."""

from libc.math cimport sqrt
from libc.stdint cimport int64_t

import numpy as np

from pretzel.kernels.checks import FLOATS, address, matrix, padded, typed, vector
from pretzel.kernels.cpu cimport level
from pretzel.kernels.dense.products cimport Product, Products, products_for
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real, result

cdef const Products* products = products_for(level)

cdef enum Metric:
    SQEUCLIDEAN = 0
    EUCLIDEAN = 1
    COSINE = 2

METRICS = ["sqeuclidean", "euclidean", "cosine"]


cdef class _Distances(Kernel):
    """Base of both kernels: centers, their norms and the types."""

    cdef object arrays
    cdef const double* centers
    cdef const double* norms   # the squared norms c.c
    cdef const double* nothing # zeros, for products without a bias
    cdef int64_t width, k
    cdef int metric
    cdef bint single_x, single_y
    cdef Product multiply

    cdef int keep(self, inputs, output, centers, norms, metric, bint tiled) except -1:
        typed("x", inputs[0], FLOATS)
        typed("result", output, FLOATS if inputs[0].dtype == "f32" else ("f64",))
        self.width, self.k = inputs[0].columns, output.columns
        self.single_x, self.single_y = inputs[0].dtype == "f32", output.dtype == "f32"
        # The sums are float64 whatever the result is.
        self.multiply = products.tiles[self.single_x][0] if tiled else products.dots[self.single_x][0]
        self.metric = METRICS.index(metric)
        shape = (self.width, padded(self.k)) if tiled else (self.k, self.width)
        centers, norms = matrix("centers", centers, "f64", shape), vector("norms", norms, "f64", self.k)
        self.arrays = centers, norms, np.zeros(padded(self.k))
        self.centers = <const double*><size_t>address(self.arrays[0])
        self.norms = <const double*><size_t>address(self.arrays[1])
        self.nothing = <const double*><size_t>address(self.arrays[2])
        return 0


cdef class _Products(_Distances):
    """Euclidean (squared or not) and cosine distances from float64 products, rounded to the type of the result.

    Euclidean: ``-2 x.c + x.x + c.c``, never below zero (``sklearn.metrics.pairwise.euclidean_distances``), ``norms``
    being the c.c.  Cosine: ``1 - x.c / (|x| |c|)`` within 0..2.
    """

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef double* products
        if reserve(&frame.scratch, frame.rows * self.k * sizeof(double)) != OK:
            return OUT_OF_MEMORY
        products = <double*>frame.scratch.at
        self.multiply(
            inputs[0].values, self.centers, self.nothing, products, frame.rows, self.width, self.k
        )
        if not self.single_x:
            finish(
                self.metric, <double*>inputs[0].values, products, self.norms, <double*>output.values, frame.rows,
                self.width, self.k,
            )
        elif self.single_y:
            finish(
                self.metric, <float*>inputs[0].values, products, self.norms, <float*>output.values, frame.rows,
                self.width, self.k,
            )
        else:
            finish(
                self.metric, <float*>inputs[0].values, products, self.norms, <double*>output.values, frame.rows,
                self.width, self.k,
            )
        return OK


cdef class Dots(_Products):
    """Distances from dot products, few per row: for k below eight.

    Args:
        inputs: one dense x of f32 or f64.
        output: k columns, one per center; f32 only where x is.
        centers: ``f64[k, width]``.
        norms: ``f64[k]``: the squared norm of each center.
        metric: one of ``METRICS``.

    Raises:
        ValueError: types or shapes do not fit, or the metric is unknown.
    """

    def __init__(self, inputs, output, *, centers, norms, metric):
        self.keep(inputs, output, centers, norms, metric, False)


cdef class Tiles(_Products):
    """Distances from dot products, many per row: for k of eight and more.

    Args:
        inputs: one dense x of f32 or f64.
        output: k columns, one per center; f32 only where x is.
        centers: ``f64[width, padded(k)]``: transposed, and padded with zeros to a multiple of eight columns.
        norms: ``f64[k]``: the squared norm of each center.
        metric: one of ``METRICS``.

    Raises:
        ValueError: types or shapes do not fit, or the metric is unknown.
    """

    def __init__(self, inputs, output, *, centers, norms, metric):
        self.keep(inputs, output, centers, norms, metric, True)


cdef inline void finish(
    int metric, const real* x, const double* products, const double* norms, result* y,
    int64_t rows, int64_t width, int64_t k
) noexcept nogil:
    cdef int64_t row, c
    cdef double square
    for row in range(rows):
        square = sum_of_squares(x + row * width, width)
        if metric == COSINE:
            for c in range(k):
                y[c] = <result>cosine(products[c], square, norms[c])
        else:
            for c in range(k):
                y[c] = <result>((-2 * products[c] + square) + norms[c])
                y[c] = 0 if y[c] < 0 else y[c]
            if metric == EUCLIDEAN:
                for c in range(k):
                    y[c] = <result>sqrt(y[c])
        products += k
        y += k


cdef inline double sum_of_squares(const real* x, int64_t width) noexcept nogil:
    """Sum in eight lanes, then over the lanes in order, then over the tail."""
    cdef double lanes[8]
    cdef double total = 0
    cdef int64_t i, l
    for l in range(8):
        lanes[l] = 0
    for i in range(0, width - 7, 8):
        for l in range(8):
            lanes[l] += <double>x[i + l] * x[i + l]
    for l in range(8):
        total += lanes[l]
    for i in range(width - width % 8, width):
        total += <double>x[i] * x[i]
    return total


cdef inline double cosine(double product, double square, double norm) noexcept nogil:
    """A zero vector stays zero when normalized, so its distance to every vector is 1."""
    cdef double size = sqrt(square) * sqrt(norm)
    cdef double d = 1 - (product / size if size != 0 else 0)
    return 0 if d < 0 else 2 if d > 2 else d
