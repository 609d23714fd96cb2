"""Sparse rows times weights: each sum in the order of the stored values, as SciPy's ``csr_matvec(s)`` adds."""

from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport calloc, free

import numpy as np

from pretzel.kernels.checks import FLOATS, address, matrix, padded, typed, vector
from pretzel.kernels.frame cimport Slot, aligned_alloc
from pretzel.kernels.sparse.fusible cimport Head
from pretzel.kernels.sparse.products cimport multiply_row
from pretzel.kernels.types cimport real, result

cdef extern from *:
    """
    #define prefetch(p) __builtin_prefetch(p)
    """
    void prefetch(const void* p) noexcept nogil


cdef class Linear(Head):
    """``y = x @ weights + bias`` with weights ``[width, k]`` (or ``[width]``), multiplied in the type of y."""

    cdef object arrays
    cdef const void* weights
    cdef const void* bias
    cdef readonly int64_t width, k
    cdef bint single_x, single_y

    def __init__(self, inputs, output, *, weights, bias=None):
        typed("x", inputs[0], FLOATS, layout="sparse")
        typed("result", output, FLOATS)
        self.width, self.k = inputs[0].columns, output.columns
        self.single_x, self.single_y = inputs[0].dtype == "f32", output.dtype == "f32"
        if self.single_y and not self.single_x:
            raise ValueError("weights: a float64 x gives a float64 result")
        bias = np.full(self.k, -0.0) if bias is None else bias
        shape = (inputs[0].columns, self.k)
        self.arrays = matrix("weights", weights, output.dtype, shape), vector("bias", bias, output.dtype, self.k)
        self.weights = <const void*><size_t>address(self.arrays[0])
        self.bias = <const void*><size_t>address(self.arrays[1])

    cdef void score(self, const Slot* x, Slot* outputs, int64_t first, int64_t rows) noexcept nogil:
        cdef int64_t k = self.k
        cdef float* single = <float*>outputs.values + first * k
        cdef double* y = <double*>outputs.values + first * k
        if self.single_y:
            multiply(x, <float*>x.values, <const float*>self.weights, <const float*>self.bias, single, rows, k)
        elif self.single_x:
            multiply(x, <float*>x.values, <const double*>self.weights, <const double*>self.bias, y, rows, k)
        else:
            multiply(x, <double*>x.values, <const double*>self.weights, <const double*>self.bias, y, rows, k)


cdef enum:
    LANES = 8  # sums computed together: a cache line of doubles, and as many as fit the registers

cdef int64_t FILLED = 64  # rows of weights copied at a time


cdef struct Lane:
    int head           # the head of the column: its place among the slots written
    int64_t column, k  # the column, and the number of columns of its head
    const void* weights  # of all columns of the head
    const void* bias


cdef class Stack(Head):
    """Several :class:`Linear` over one x, each with its own output, in consecutive slots.

    Alternatively several kernels that are each ``linear`` with an l2 norm, which divides the sums before the bias.
    Their weights are concatenated, ``[width, columns of all]``, so that one stored value of a row finds the weights of
    all heads in neighbouring cache lines.  Every sum has the same order as alone, and so the same bits.

    Raises:
        ValueError: without kernels, or if they read or write different types or divide by other norms.
    """

    cdef readonly int outputs
    cdef tuple kernels
    cdef int64_t width, columns, stride
    cdef Lane* lanes
    cdef void* weights
    cdef bint single_x, single_y, normalized

    def __init__(self, kernels):
        cdef Linear kernel
        norms = sorted({getattr(head, "divisor", "none") for head in kernels})
        if norms not in ([], ["l2"], ["none"]):
            raise ValueError(f"norms: expected all none or all l2, got {norms}")
        self.normalized = norms == ["l2"]
        self.kernels = plain(kernels)
        self.outputs = len(self.kernels)
        self.check()
        kernel = self.kernels[0]
        self.width, self.single_x, self.single_y = kernel.width, kernel.single_x, kernel.single_y
        self.columns = sum([(<Linear>kernel).k for kernel in self.kernels])
        self.stride = padded(self.columns)
        self.lanes = <Lane*>calloc(self.columns + 1, sizeof(Lane))
        taken = Stack.size(self.kernels)
        self.weights = aligned_alloc(64, <size_t>(taken + 127) & ~<size_t>63)
        if self.weights == NULL or self.lanes == NULL:
            raise MemoryError(f"no memory for the weights of {self.outputs} heads")
        self.set_lanes()
        with nogil:
            self.fill()

    def __dealloc__(self):
        free(self.weights)
        free(self.lanes)

    @staticmethod
    def size(kernels):
        """Return the size in bytes of the stacked weights of these kernels."""
        kernels = plain(kernels)
        cdef Linear first = kernels[0]
        return first.width * padded(sum([(<Linear?>kernel).k for kernel in kernels])) * (4 if first.single_y else 8)

    cdef check(self):
        cdef Linear kernel, first
        if not self.kernels:
            raise ValueError("expected a linear kernel, got none")
        first = self.kernels[0]
        for i, kernel in enumerate(self.kernels):
            if (kernel.width, kernel.single_x, kernel.single_y) != (first.width, first.single_x, first.single_y):
                raise ValueError(f"kernel {i}: reads or writes another type than the first")

    cdef set_lanes(self):
        cdef Linear kernel
        cdef int64_t lane = 0, column
        for i, kernel in enumerate(self.kernels):
            for column in range(kernel.k):
                self.lanes[lane] = Lane(i, column, kernel.k, kernel.weights, kernel.bias)
                lane += 1

    cdef void fill(self) noexcept nogil:
        """Copy the weights, some rows of all heads at a time, so that each line is written while it is in the cache."""
        cdef int64_t block, lane
        for block in range((self.width + FILLED - 1) // FILLED):
            for lane in range(self.stride):
                if self.single_y:
                    self.spread(<float*>self.weights, lane, block * FILLED)
                else:
                    self.spread(<double*>self.weights, lane, block * FILLED)

    cdef inline void spread(self, result* out, int64_t lane, int64_t first) noexcept nogil:
        """Write rows of one column of the stack; zeros if it only pads the line."""
        cdef Lane* of = &self.lanes[min(lane, self.columns - 1)]
        cdef const result* weights = <const result*>of.weights + of.column
        cdef int64_t i
        for i in range(first, min(first + FILLED, self.width)):
            out[i * self.stride + lane] = weights[i * of.k] if lane < self.columns else 0

    cdef void score(self, const Slot* x, Slot* outputs, int64_t first, int64_t rows) noexcept nogil:
        if self.single_y:
            self.rows(x, <float*>x.values, <const float*>self.weights, outputs, first, rows)
        elif self.single_x:
            self.rows(x, <float*>x.values, <const double*>self.weights, outputs, first, rows)
        else:
            self.rows(x, <double*>x.values, <const double*>self.weights, outputs, first, rows)

    cdef void rows(
        self, const Slot* x, const real* values, const result* weights, Slot* outputs, int64_t begin, int64_t rows
    ) noexcept nogil:
        cdef int64_t row, tile, first, lane
        cdef Lane* at
        cdef result sums[LANES]
        cdef result norm = 1  # dividing by one changes nothing
        for row in range(rows):
            if self.normalized:
                norm = length(values, x.starts[row], x.starts[row + 1], norm)
            for tile in range(self.stride // LANES):
                first = tile * LANES
                add_lines(
                    values, x.columns, x.starts[row], x.starts[row + 1], weights + first, self.stride, sums
                )
                for lane in range(first, min(first + <int64_t>LANES, self.columns)):
                    at = &self.lanes[lane]
                    (<result*>outputs[at.head].values)[(begin + row) * at.k + at.column] = (
                        sums[lane - first] / norm + (<const result*>at.bias)[at.column]
                    )


cdef tuple plain(kernels):
    """Return the linear kernels inside those of normalized rows."""
    return tuple([getattr(kernel, "linear", kernel) for kernel in kernels])


cdef inline result length(const real* values, int64_t begin, int64_t end, result kind) noexcept nogil:
    """Return the l2 norm of a row, summed in order; one if it is zero."""
    cdef int64_t i
    cdef result total = 0
    for i in range(begin, end):
        total += <result>values[i] * <result>values[i]
    total = <result>sqrt(total)
    return total if total != 0 else <result>1


cdef inline void add_lines(
    const real* values, const int32_t* columns, int64_t begin, int64_t end,
    const result* weights, int64_t stride, result* totals
) noexcept nogil:
    """Add eight columns of the weights for each stored value, all sums in registers, and prefetch the next eight."""
    cdef int64_t i
    cdef int lane
    cdef result value
    cdef const result* line
    cdef result sums[LANES]
    for lane in range(LANES):
        sums[lane] = 0
    for i in range(begin, end):
        value, line = <result>values[i], weights + columns[i] * stride
        prefetch(line + LANES)
        for lane in range(LANES):
            sums[lane] += value * line[lane]
    for lane in range(LANES):
        totals[lane] = sums[lane]


cdef inline void multiply(
    const Slot* x, const real* values, const result* weights, const result* bias, result* y, int64_t rows, int64_t k
) noexcept nogil:
    cdef int64_t row, start, c
    for row in range(rows):
        start = x.starts[row]
        multiply_row(values + start, x.columns + start, x.starts[row + 1] - start, weights, k, y)
        for c in range(k):
            y[c] += bias[c]
        y += k
