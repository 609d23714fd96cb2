"""Kernels that move dense columns and change their type: Concat, Select, Column, Cast."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from pretzel.kernels.checks import address, positions, typed
from pretzel.kernels.dense.casts import CAST_ORDER, ITEM_SIZE
from pretzel.kernels.frame cimport OK, Frame, Slot, Text
from pretzel.kernels.kernel cimport Kernel

cdef extern from "dense/cast.h" nogil:
    ctypedef void (*pretzel_cast)(
        const void* source, void* target, int64_t rows, int64_t columns, int64_t stride
    ) noexcept
    const pretzel_cast pretzel_casts[11][11]
    void pretzel_copy_pairs(const void* source, void* target, int64_t rows, int64_t columns, int64_t stride) noexcept

ctypedef fused item:
    uint8_t
    uint16_t
    uint32_t
    uint64_t
    Text


cdef pretzel_cast cast_between(source, target) except NULL:
    """Return the function that casts between two element types; texts only to texts."""
    if source == target == "str":
        return pretzel_copy_pairs
    return pretzel_casts[<int>CAST_ORDER[source]][<int>CAST_ORDER[target]]


cdef class Concat(Kernel):
    """The columns of all parts concatenated, each converted to the type of the result (``numpy.hstack``).

    Args:
        inputs: dense values, all of numbers or all of texts, each of any type and width.
        output: dense, as wide as all inputs together.

    Raises:
        ValueError: a part is not dense, or the widths do not add up.
    """

    cdef pretzel_cast* casts
    cdef int64_t* offsets      # bytes from the start of an output row to each part
    cdef int64_t* widths
    cdef int count
    cdef int64_t width

    def __init__(self, inputs, output):
        cdef int i
        for part in inputs:
            typed("part", part, tuple(ITEM_SIZE))
        typed("result", output, tuple(ITEM_SIZE), sum(part.columns for part in inputs))
        self.count, self.width = len(inputs), output.columns
        self.casts = <pretzel_cast*>calloc(self.count + 1, sizeof(pretzel_cast))
        self.offsets = <int64_t*>calloc(self.count + 1, sizeof(int64_t))
        self.widths = <int64_t*>calloc(self.count + 1, sizeof(int64_t))
        if self.casts == NULL or self.offsets == NULL or self.widths == NULL:
            raise MemoryError(f"concat: no memory for {self.count} parts")
        for i in range(self.count):
            self.casts[i] = cast_between(inputs[i].dtype, output.dtype)
            self.widths[i] = inputs[i].columns
            self.offsets[i + 1] = self.offsets[i] + self.widths[i] * <int64_t>ITEM_SIZE[output.dtype]

    def __dealloc__(self):
        free(self.casts)
        free(self.offsets)
        free(self.widths)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int i
        for i in range(self.count):
            self.casts[i](
                inputs[i].values, <char*>output.values + self.offsets[i], frame.rows, self.widths[i], self.width
            )
        return OK


cdef class Cast(Kernel):
    """The same numbers as another type.

    Args:
        inputs: dense numbers.
        output: of ``dtype``, as wide.
        dtype: any number type; floats are truncated towards zero to integers.

    Raises:
        ValueError: the types do not fit.
    """

    cdef pretzel_cast cast
    cdef int64_t width

    def __init__(self, inputs, output, *, dtype):
        typed("x", inputs[0], tuple(CAST_ORDER))
        typed("result", output, (dtype,), inputs[0].columns)
        self.width = output.columns
        self.cast = cast_between(inputs[0].dtype, dtype)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        self.cast(inputs[0].values, output.values, frame.rows, self.width, self.width)
        return OK


cdef class Select(Kernel):
    """The selected columns, in the order given; values of any type, including texts.

    Args:
        inputs: a dense matrix of any type.
        output: k columns of the same type.
        columns: ``i64[k]``, each in 0..width-1; repeats are allowed.

    Raises:
        ValueError: a column is outside x, or the types do not fit.
    """

    cdef object array
    cdef const int64_t* columns
    cdef int64_t count, width
    cdef int itemsize

    def __init__(self, inputs, output, *, columns):
        typed("x", inputs[0], tuple(ITEM_SIZE))
        typed("result", output, (inputs[0].dtype,), len(columns))
        self.array = positions("columns", columns, inputs[0].columns)
        self.columns = <const int64_t*><size_t>address(self.array)
        self.count, self.width = len(self.array), inputs[0].columns
        self.itemsize = ITEM_SIZE[output.dtype]

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef void* x = inputs[0].values
        if self.itemsize == 1:
            gather(<uint8_t*>x, <uint8_t*>output.values, frame.rows, self.width, self.columns, self.count)
        elif self.itemsize == 2:
            gather(<uint16_t*>x, <uint16_t*>output.values, frame.rows, self.width, self.columns, self.count)
        elif self.itemsize == 4:
            gather(<uint32_t*>x, <uint32_t*>output.values, frame.rows, self.width, self.columns, self.count)
        elif self.itemsize == 8:
            gather(<uint64_t*>x, <uint64_t*>output.values, frame.rows, self.width, self.columns, self.count)
        else:
            gather(<Text*>x, <Text*>output.values, frame.rows, self.width, self.columns, self.count)
        return OK


cdef class Column(Select):
    """One column of a matrix, one value per row.

    Args:
        inputs: a dense matrix of any type.
        output: one value per row of the same type.
        index: the column, in 0..width-1.

    Raises:
        ValueError: the column is outside x, or the types do not fit.
    """

    def __init__(self, inputs, output, *, index):
        import numpy as np

        Select.__init__(self, inputs, output, columns=np.array([index], np.int64))


cdef inline void gather(
    const item* x, item* y, int64_t rows, int64_t width, const int64_t* columns, int64_t count
) noexcept nogil:
    cdef int64_t row, i
    for row in range(rows):
        for i in range(count):
            y[i] = x[columns[i]]
        x += width
        y += count
