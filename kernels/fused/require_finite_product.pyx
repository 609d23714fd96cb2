"""Rows whose product with a matrix must be finite; it is computed only for rows that could overflow."""

from libc.math cimport fabs, isfinite
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from pretzel.kernels.checks import address, alike, matrix, vector
from pretzel.kernels.cpu cimport level
from pretzel.kernels.dense.within cimport Within, within_for
from pretzel.kernels.frame cimport OK, Frame, Slot, reject
from pretzel.kernels.kernel cimport Kernel

cdef const Within* within = within_for(level)

cdef enum Refusal:
    IS_TOO_LARGE = 1


cdef class RequireFiniteProduct(Kernel):
    """x unchanged; rejects a row whose ``((x - mean) / scale) @ weights.T + bias`` is not all finite.

    A row without values beyond ``limit`` is known to have a finite product.
    """

    cdef object arrays
    cdef const double* weights
    cdef const double* bias
    cdef const double* mean
    cdef const double* scale
    cdef double limit
    cdef int64_t width, k
    cdef str owner

    def __init__(self, inputs, output, *, weights, bias, mean, scale, limit, owner):
        alike(inputs, output, ("f64",))
        self.width, self.k, self.owner = output.columns, len(bias), owner
        self.limit = vector("limit", limit, "f64", 1)[0]
        self.arrays = (
            matrix("weights", weights, "f64", (self.k, self.width)),
            vector("bias", bias, "f64", self.k),
            vector("mean", mean, "f64", self.width),
            vector("scale", scale, "f64", self.width),
        )
        self.weights = <const double*><size_t>address(self.arrays[0])
        self.bias = <const double*><size_t>address(self.arrays[1])
        self.mean = <const double*><size_t>address(self.arrays[2])
        self.scale = <const double*><size_t>address(self.arrays[3])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const double* x = <double*>inputs[0].values
        cdef int64_t row = 0, wrong
        while row < frame.rows:
            row += self.small(x + row * self.width, frame.rows - row)
            if row == frame.rows:
                break
            wrong = first_not_finite(
                x + row * self.width, self.weights, self.bias, self.mean, self.scale, self.width, self.k
            )
            if wrong >= 0:
                return reject(frame, IS_TOO_LARGE, row, wrong, 0.0)
            row += 1
        if output.values == output.own_values.at:
            output.values = inputs[0].values  # only later kernels read it: no copy is needed
        else:
            memcpy(output.values, inputs[0].values, frame.rows * self.width * 8)
        return OK

    cdef int64_t small(self, const double* x, int64_t rows) noexcept nogil:
        """Return the number of rows before the first that has a value beyond the limit."""
        cdef int64_t n = rows * self.width, i = within.f64(x, n, self.limit)
        while i < n and fabs(x[i]) <= self.limit:  # NaN fails every comparison
            i += 1
        return i // self.width if i < n else rows

    def describe(self, code, row, column, value):
        """Describe the value as scikit-learn does, with its position."""
        problem = "infinity or a value too large for dtype('float64')"
        return f"Input X contains {problem}: row {row}, column {column}. {self.owner} takes finite values"


cdef inline int64_t first_not_finite(
    const double* x, const double* weights, const double* bias, const double* mean, const double* scale,
    int64_t width, int64_t k,
) noexcept nogil:
    """Return the first of k sums that is not finite, or -1."""
    cdef int64_t i, j
    cdef double total
    for j in range(k):
        total = 0.0
        for i in range(width):
            total += (x[i] - mean[i]) / scale[i] * weights[j * width + i]
        if not isfinite(total + bias[j]):
            return j
    return -1
