"""Scores to labels: ArgMax, ArgMin, Threshold, LabelLookup."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

import numpy as np

from pretzel.kernels.checks import FLOATS, NUMPY, address, typed
from pretzel.kernels.frame cimport OK, Frame, Slot, reject
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport number, real

ctypedef fused item:
    uint8_t
    uint16_t
    uint32_t
    uint64_t


cdef class _Position(Kernel):
    """Base of ArgMax and ArgMin: the width, the type of the numbers, and which of equal ones is found."""

    cdef int64_t width
    cdef int kind              # 0 f32, 1 f64, 2 i64
    cdef int ties              # 0 numpy, 1 first, 2 last

    def __init__(self, inputs, output, *, ties="numpy"):
        typed("x", inputs[0], tuple(NUMPY))
        typed("result", output, ("i64",), 1)
        if inputs[0].columns == 0:
            raise ValueError("x: expected a column at least")
        self.width, self.kind = inputs[0].columns, ["f32", "f64", "i64"].index(inputs[0].dtype)
        self.ties = ["numpy", "first", "last"].index(ties)

    cdef void find(self, Slot* x, Slot* y, int64_t rows, bint largest) noexcept nogil:
        if self.kind == 0:
            find_rows(<float*>x.values, <int64_t*>y.values, rows, self.width, largest, self.ties)
        elif self.kind == 1:
            find_rows(<double*>x.values, <int64_t*>y.values, rows, self.width, largest, self.ties)
        else:
            find_rows(<int64_t*>x.values, <int64_t*>y.values, rows, self.width, largest, self.ties)


cdef class ArgMax(_Position):
    """The position of the largest value per row; of the first, and NaN is largest by default (``numpy.argmax``).

    Args:
        inputs: dense f32, f64 or i64, of at least one column.
        output: one i64 per row.
        ties: ``numpy``; or ``first`` or ``last``, of equal ones, which pass over NaN except in the first column.

    Raises:
        ValueError: the types do not fit, or x has no columns.
    """

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        self.find(inputs[0], output, frame.rows, True)
        return OK


cdef class ArgMin(_Position):
    """The position of the smallest value per row; of the first, and NaN is smallest by default (``numpy.argmin``).

    Args:
        inputs: dense f32, f64 or i64, of at least one column.
        output: one i64 per row.
        ties: ``numpy``; or ``first`` or ``last``, of equal ones, which pass over NaN except in the first column.

    Raises:
        ValueError: the types do not fit, or x has no columns.
    """

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        self.find(inputs[0], output, frame.rows, False)
        return OK


cdef inline void find_rows(
    const number* x, int64_t* y, int64_t rows, int64_t width, bint largest, int ties
) noexcept nogil:
    cdef int64_t row
    for row in range(rows):
        if ties:
            y[row] = find_passing(x + row * width, width, largest, ties == 2)
        else:
            y[row] = find(x + row * width, width, largest)


cdef inline int64_t find_passing(const number* x, int64_t width, bint largest, bint last) noexcept nogil:
    """Return the first or last position of the extreme value of the row, by comparisons with the best one so far."""
    cdef int64_t i, best = 0
    for i in range(1, width):
        if x[i] > x[best] if largest else x[i] < x[best]:
            best = i
        elif last and x[i] == x[best]:
            best = i
    return best


cdef inline int64_t find(const number* x, int64_t width, bint largest) noexcept nogil:
    """Return the first position of the extreme value, or of the first NaN if there is one (``numpy.argmax``)."""
    cdef number lanes[8]
    cdef int64_t i, l
    cdef bint nan = False
    if width < 16:
        return find_in_order(x, width, largest)
    for l in range(8):
        lanes[l] = x[l]
    for i in range(0, width - 7, 8):
        for l in range(8):
            nan |= x[i + l] != x[i + l]
            if largest:
                lanes[l] = x[i + l] if x[i + l] > lanes[l] else lanes[l]
            else:
                lanes[l] = x[i + l] if x[i + l] < lanes[l] else lanes[l]
    for i in range(width - width % 8, width):
        nan |= x[i] != x[i]
        if x[i] > lanes[0] if largest else x[i] < lanes[0]:
            lanes[0] = x[i]
    if nan:
        return find_in_order(x, width, largest)
    l = find_in_order(&lanes[0], 8, largest)
    for i in range(width - 1):
        if x[i] == lanes[l]:
            return i
    return width - 1


cdef inline int64_t find_in_order(const number* x, int64_t width, bint largest) noexcept nogil:
    cdef int64_t i, best = 0
    for i in range(width):
        if x[i] != x[i]:
            return i
        if x[i] > x[best] if largest else x[i] < x[best]:
            best = i
    return best


cdef class Threshold(Kernel):
    """One where x is above a value (or equal, if inclusive), else zero.

    Args:
        inputs: dense f32 or f64.
        output: i64, as wide.
        value: compared with x in float64.
        inclusive: True if a value equal to the threshold gives one too.

    Raises:
        ValueError: the types do not fit.
    """

    cdef double value
    cdef bint inclusive, single
    cdef int64_t width

    def __init__(self, inputs, output, *, value, inclusive):
        typed("x", inputs[0], FLOATS)
        typed("result", output, ("i64",), inputs[0].columns)
        self.value, self.inclusive = value, inclusive
        self.width, self.single = output.columns, inputs[0].dtype == "f32"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t n = frame.rows * self.width
        if self.single:
            compare(<float*>inputs[0].values, <int64_t*>output.values, n, self.value, self.inclusive)
        else:
            compare(<double*>inputs[0].values, <int64_t*>output.values, n, self.value, self.inclusive)
        return OK


cdef inline void compare(const real* x, int64_t* y, int64_t n, double value, bint inclusive) noexcept nogil:
    cdef int64_t i
    if inclusive:
        for i in range(n):
            y[i] = x[i] >= value
    else:
        for i in range(n):
            y[i] = x[i] > value


cdef class LabelLookup(Kernel):
    """The number for each code, for models that compute with their labels.

    Args:
        inputs: one i64 code per row; codes outside 0..n-1 are rejected.
        output: one number per row, of the type of ``labels``.
        labels: ``[n]`` numbers.

    Raises:
        ValueError: labels and output have different types, or labels are not one-dimensional.
    """

    cdef object array
    cdef const void* labels
    cdef int64_t count
    cdef int itemsize

    def __init__(self, inputs, output, *, labels):
        if labels.ndim != 1:
            raise ValueError(f"labels: expected a list, got shape {labels.shape}")
        typed("codes", inputs[0], ("i64",), 1)
        typed("result", output, (output.dtype,), 1)
        if labels.dtype != output.numpy:
            raise ValueError(f"labels: expected {output.numpy}, got {labels.dtype}")
        self.array = np.ascontiguousarray(labels)
        self.labels = <const void*><size_t>address(self.array)
        self.count, self.itemsize = len(self.array), self.array.dtype.itemsize

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* codes = <const int64_t*>inputs[0].values
        cdef int64_t row
        for row in range(frame.rows):
            if not 0 <= codes[row] < self.count:
                return reject(frame, 1, row, 0, <double>codes[row])
        if self.itemsize == 1:
            look_up(codes, <const uint8_t*>self.labels, <uint8_t*>output.values, frame.rows)
        elif self.itemsize == 2:
            look_up(codes, <const uint16_t*>self.labels, <uint16_t*>output.values, frame.rows)
        elif self.itemsize == 4:
            look_up(codes, <const uint32_t*>self.labels, <uint32_t*>output.values, frame.rows)
        else:
            look_up(codes, <const uint64_t*>self.labels, <uint64_t*>output.values, frame.rows)
        return OK

    def describe(self, code, row, column, value):
        return f"row {row}: code {int(value)} names none of the {self.count} labels"


cdef inline void look_up(const int64_t* codes, const item* labels, item* y, int64_t rows) noexcept nogil:
    cdef int64_t row
    for row in range(rows):
        y[row] = labels[codes[row]]
