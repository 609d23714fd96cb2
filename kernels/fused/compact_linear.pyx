"""Products with weights stored in fewer bytes than they are computed with."""

from libc.math cimport fabs, fabsf, sqrt, sqrtf
from libc.stdint cimport int32_t, int64_t, uint16_t, uint64_t

import numpy as np

from pretzel.kernels.checks import FLOATS, address, typed, vector
from pretzel.kernels.frame cimport Slot
from pretzel.kernels.sparse.fusible cimport Head
from pretzel.kernels.types cimport real, result

cdef extern from "compact.h" nogil:
    float compact_half(uint16_t half) noexcept
    int64_t compact_ones(uint64_t word) noexcept
    int64_t compact_place(const uint64_t* kept, int64_t column) noexcept

ctypedef fused weight:
    float
    double
    uint16_t

cdef enum Norm:
    NONE = 0
    L1 = 1
    L2 = 2
    MAX = 3

NORMS = {"": NONE, "l1": L1, "l2": L2, "max": MAX}


cdef class CompactLinear(Head):
    """``x @ weights + bias``, divided by the norm of x before the bias if a norm is named.

    Args:
        inputs: one input of floats, dense or sparse.
        output: floats, k columns; f32 only if x is f32.
        weights: ``[kept]`` or ``[kept, k]`` of f64, f32, or u16: the bits of IEEE halves.
        kept: ``u64[words, 2]``: which of 64 columns have weights, and how many before them do; None if all do.
        bias: ``[k]`` or None.
        norm: "", l1, l2 or max.

    Raises:
        ValueError: types or shapes do not fit, or the counts in ``kept`` are wrong.
    """

    cdef object arrays
    cdef const void* weights
    cdef const void* bias
    cdef const uint64_t* kept
    cdef int64_t width, k
    cdef Norm norm
    cdef bint sparse, single_x, single_y
    cdef int bytes

    def __init__(self, inputs, output, *, weights, norm, kept=None, bias=None):
        if len(inputs) != 1 or norm not in NORMS:
            raise ValueError(f"expected one input and a norm of {', '.join(NORMS)}, got {len(inputs)} and {norm!r}")
        self.sparse = inputs[0].layout == "sparse"
        typed("x", inputs[0], FLOATS, layout="sparse" if self.sparse else "dense")
        typed("result", output, FLOATS)
        self.width, self.k, self.norm = inputs[0].columns, output.columns, NORMS[norm]
        self.single_x, self.single_y = inputs[0].dtype == "f32", output.dtype == "f32"
        if self.single_y and not self.single_x:
            raise ValueError("weights: a float64 x gives a float64 result")
        bias = np.full(self.k, -0.0) if bias is None else bias  # adding -0.0 changes nothing
        bias = vector("bias", bias, output.dtype, self.k)
        rows = self.width if kept is None else self.keep(kept)
        fits = weights.size == rows * self.k and len(weights) == rows
        if weights.dtype not in (np.float64, np.float32, np.uint16) or not fits:
            raise ValueError(f"weights: expected {rows} rows of {self.k}, got {weights.dtype}{list(weights.shape)}")
        weights = np.ascontiguousarray(weights)
        self.bytes = weights.itemsize
        self.arrays = (weights, bias, kept)
        self.weights, self.bias = <const void*><size_t>address(weights), <const void*><size_t>address(bias)

    cdef int64_t keep(self, const uint64_t[:, ::1] kept) except -1:
        """Check and store the table of the columns with weights, and return their number."""
        cdef int64_t i, total = 0
        if kept.shape[0] != (self.width + 63) // 64 or kept.shape[1] != 2:
            raise ValueError(f"kept: expected {(self.width + 63) // 64} pairs of words, got {kept.shape[0]}")
        for i in range(kept.shape[0]):
            if <int64_t>kept[i, 1] != total:
                raise ValueError(f"kept: {kept[i, 1]} columns before word {i}, counted {total}")
            total += compact_ones(kept[i, 0])
        if self.width % 64 and kept[kept.shape[0] - 1, 0] >> (self.width % 64):
            raise ValueError(f"kept: names a column beyond the {self.width}")
        self.kept = &kept[0, 0] if kept.shape[0] else NULL
        return total

    cdef void score(self, const Slot* x, Slot* outputs, int64_t first, int64_t rows) noexcept nogil:
        cdef int64_t at = first * self.k
        if self.single_y:
            self.typed_weights(x, <float*>x.values, <float*>outputs.values + at, rows)
        elif self.single_x:
            self.typed_weights(x, <float*>x.values, <double*>outputs.values + at, rows)
        else:
            self.typed_weights(x, <double*>x.values, <double*>outputs.values + at, rows)

    cdef void typed_weights(self, const Slot* x, const real* values, result* y, int64_t rows) noexcept nogil:
        if self.bytes == 8:
            self.rows(x, values, <const double*>self.weights, y, rows)
        elif self.bytes == 4:
            self.rows(x, values, <const float*>self.weights, y, rows)
        else:
            self.rows(x, values, <const uint16_t*>self.weights, y, rows)

    cdef void rows(
        self, const Slot* x, const real* values, const weight* weights, result* y, int64_t rows
    ) noexcept nogil:
        cdef int64_t row, start
        for row in range(rows):
            if self.sparse:
                start = x.starts[row]
                self.row(values + start, x.columns + start, x.starts[row + 1] - start, weights, y)
            else:
                self.row(values + row * self.width, NULL, self.width, weights, y)
            y += self.k

    # One row: its stored values and their columns, or NULL if every column is stored.
    cdef inline void row(
        self, const real* x, const int32_t* columns, int64_t count, const weight* weights, result* y
    ) noexcept nogil:
        cdef const result* bias = <const result*>self.bias
        cdef int64_t i, j, place
        cdef result value, size = 0
        for j in range(self.k):
            y[j] = 0
        for i in range(count):
            value = <result>x[i]
            if self.norm != NONE:
                size = grow(size, value, self.norm)
            place = compact_place(self.kept, i if columns == NULL else columns[i])
            if place < 0:
                continue
            for j in range(self.k):
                y[j] += value * widened(weights[place * self.k + j], y)
        if self.norm != NONE:
            divide(y, self.k, size, self.norm)
        for j in range(self.k):
            y[j] += bias[j]


cdef inline result widened(weight held, result* kind) noexcept nogil:
    """A weight converted to the type of the result, which ``kind`` points to."""
    if weight is uint16_t:
        return <result>compact_half(held)
    else:
        return <result>held


cdef inline void divide(result* y, int64_t k, result size, Norm norm) noexcept nogil:
    cdef int64_t j
    if norm == L2:
        size = sqrtf(size) if result is float else sqrt(size)
    if size != 0:
        for j in range(k):
            y[j] /= size


cdef inline result grow(result size, result x, Norm norm) noexcept nogil:
    cdef result positive = fabsf(x) if result is float else fabs(x)
    if norm == L2:
        return size + x * x
    if norm == L1:
        return size + positive
    # The second test lets a NaN in, and the first preserves it.
    return positive if positive > size or x != x else size
