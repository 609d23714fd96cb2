"""A product and the norm that divides it, in one pass over each row."""

from libc.math cimport fabs, sqrt
from libc.stdint cimport int32_t, int64_t

import numpy as np

from pretzel.kernels.checks import address, matrix, typed, vector
from pretzel.kernels.frame cimport Slot
from pretzel.kernels.sparse.linear import Linear
from pretzel.kernels.sparse.fusible cimport Head
from pretzel.kernels.sparse.products cimport multiply_row

cdef enum Norm:
    L1 = 0
    L2 = 1
    MAX = 2


cdef class NormalizedLinear(Head):
    """``(x @ weights) / norm(x) + bias``; both sums run over the columns of a row in order."""

    cdef object arrays
    cdef readonly object linear  # over sparse rows: the product alone, for kernels with several heads; else None
    cdef readonly str divisor    # the name of the norm
    cdef const double* weights
    cdef const double* bias
    cdef int64_t width, k
    cdef Norm norm
    cdef bint sparse

    def __init__(self, inputs, output, *, weights, norm, bias=None):
        if len(inputs) != 1:
            raise ValueError(f"expected one input, got {len(inputs)}")
        typed("x", inputs[0], ("f64",), layout="sparse" if inputs[0].layout == "sparse" else "dense")
        typed("result", output, ("f64",))
        self.width, self.k, self.sparse = inputs[0].columns, output.columns, inputs[0].layout == "sparse"
        self.divisor = norm
        self.norm = {"l1": L1, "l2": L2, "max": MAX}[norm]
        bias = np.full(self.k, -0.0) if bias is None else bias  # -0.0 leaves every quotient unchanged
        self.arrays = matrix("weights", weights, "f64", (self.width, self.k)), vector("bias", bias, "f64", self.k)
        self.weights = <const double*><size_t>address(self.arrays[0])
        self.bias = <const double*><size_t>address(self.arrays[1])
        self.linear = Linear(inputs, output, weights=self.arrays[0], bias=self.arrays[1]) if self.sparse else None

    cdef void score(self, const Slot* x, Slot* outputs, int64_t first, int64_t rows) noexcept nogil:
        cdef double* values = <double*>x.values
        cdef double* out = <double*>outputs.values + first * self.k
        cdef int64_t row, start, end
        for row in range(rows):
            if self.sparse:
                start, end = x.starts[row], x.starts[row + 1]
                self.row(values + start, x.columns + start, end - start, out)
            else:
                self.row(values + row * self.width, NULL, self.width, out)
            out += self.k

    # One row: its stored values and their columns, or NULL if every column is stored.
    cdef inline void row(self, const double* x, const int32_t* columns, int64_t count, double* out) noexcept nogil:
        cdef int64_t j
        cdef double norm
        if self.norm == L2 and columns != NULL and self.k > 1:
            multiply_row(x, columns, count, self.weights, self.k, out)
            norm = square(x, count)
        elif self.norm == L2 and self.k == 1:
            norm = product_and_square(x, columns, count, self.weights, out)
        else:
            norm = self.products(x, columns, count, out)
        if self.norm == L2:
            norm = sqrt(norm)
        if norm == 0.0:
            norm = 1.0
        for j in range(self.k):
            out[j] = out[j] / norm + self.bias[j]

    cdef inline double products(
        self, const double* x, const int32_t* columns, int64_t count, double* out
    ) noexcept nogil:
        """Write the product with each column of weights; return the norm, for l2 its square."""
        cdef int64_t i, j
        cdef double norm = 0.0
        cdef const double* weights
        for j in range(self.k):
            out[j] = 0.0
        for i in range(count):
            norm = grow(norm, x[i], self.norm)
            weights = self.weights + (i if columns == NULL else columns[i]) * self.k
            for j in range(self.k):
                out[j] += x[i] * weights[j]
        return norm


cdef inline double product_and_square(
    const double* x, const int32_t* columns, int64_t count, const double* weights, double* product
) noexcept nogil:
    """Write the one product and return the sum of squares; both sums stay in registers: most of the speed-up."""
    cdef double total = 0.0, square = 0.0
    cdef int64_t i
    for i in range(count):
        total += x[i] * weights[i if columns == NULL else columns[i]]
        square += x[i] * x[i]
    product[0] = total
    return square


cdef inline double square(const double* x, int64_t count) noexcept nogil:
    cdef double total = 0.0
    cdef int64_t i
    for i in range(count):
        total += x[i] * x[i]
    return total


cdef inline double grow(double norm, double x, Norm kind) noexcept nogil:
    if kind == L2:
        return norm + x * x
    if kind == L1:
        return norm + fabs(x)
    # The second test lets a NaN in, and the first preserves it.
    return fabs(x) if fabs(x) > norm or x != x else norm
