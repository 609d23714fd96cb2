"""Dense rows times weights: few sums per row (Dots) or many (Tiles)."""

from libc.stdint cimport int64_t

import numpy as np

from pretzel.kernels.checks import FLOATS, address, matrix, padded, typed, vector
from pretzel.kernels.cpu cimport level
from pretzel.kernels.dense.products cimport Product, Products, products_for
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel

cdef const Products* products = products_for(level)


cdef class _Product(Kernel):
    """Base of both forms: weights and bias of the output's type, and the product for the types."""

    cdef object arrays
    cdef const void* weights
    cdef const void* bias
    cdef Product multiply
    cdef int64_t width, k
    cdef bint single_x, single_y

    cdef int keep(self, inputs, output, weights, bias, shape, int64_t sums) except -1:
        typed("x", inputs[0], FLOATS)
        typed("result", output, FLOATS)
        self.width, self.k = inputs[0].columns, output.columns
        self.single_x, self.single_y = inputs[0].dtype == "f32", output.dtype == "f32"
        if self.single_y and not self.single_x:
            raise ValueError("weights: a float64 x gives a float64 result")
        # Adding -0.0 changes nothing, not even the sign of a zero.
        bias = np.full(self.k, -0.0) if bias is None else bias
        bias = np.pad(vector("bias", bias, output.dtype, self.k), (0, sums - self.k))
        self.arrays = matrix("weights", weights, output.dtype, shape), bias
        self.weights = <const void*><size_t>address(self.arrays[0])
        self.bias = <const void*><size_t>address(self.arrays[1])
        return 0

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        self.multiply(inputs[0].values, self.weights, self.bias, output.values, frame.rows, self.width, self.k)
        return OK


cdef class Dots(_Product):
    """``y = x @ weights.T + bias``, few sums per row: for k below eight.

    Args:
        inputs: one dense x of f32 or f64.
        output: k columns; f32 only if x is f32.
        weights: ``[k, width]``, or ``[width]`` if k is 1: the operator's, transposed, of the type of the output.
        bias: ``[k]`` of that type, or None.

    Raises:
        ValueError: types or shapes do not fit.
    """

    def __init__(self, inputs, output, *, weights, bias=None):
        self.keep(inputs, output, weights, bias, (output.columns, inputs[0].columns), output.columns)
        self.multiply = products.dots[self.single_x][self.single_y]


cdef class Tiles(_Product):
    """``y = x @ weights + bias``, many sums per row: for k of eight and more.

    Args:
        inputs: one dense x of f32 or f64.
        output: k columns; f32 only if x is f32.
        weights: ``[width, padded(k)]`` of the type of the output, padded with zeros to a multiple of eight columns.
        bias: ``[k]`` of that type, or None.

    Raises:
        ValueError: types or shapes do not fit.
    """

    def __init__(self, inputs, output, *, weights, bias=None):
        sums = padded(output.columns)
        self.keep(inputs, output, weights, bias, (inputs[0].columns, sums), sums)
        self.multiply = products.tiles[self.single_x][self.single_y]
