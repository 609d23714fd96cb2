"""Texts chosen, joined and written from numbers, and rows of a condition rejected."""

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

from pretzel.kernels.checks import typed
from pretzel.kernels.dense.casts import ITEM_SIZE
from pretzel.kernels.frame cimport MISSING_NAN, OK, OUT_OF_MEMORY, Frame, Slot, Text, reject, reserve
from pretzel.kernels.kernel cimport Kernel

cdef enum:
    DIGITS = 20       # the most characters of an integer


cdef class ChooseText(Kernel):
    """The text of the second input where the first is true, else that of the third."""

    def __init__(self, inputs, output):
        if len(inputs) != 3:
            raise ValueError(f"expected three inputs, got {len(inputs)}")
        typed("condition", inputs[0], ("bool",), 1)
        typed("a", inputs[1], ("str",), 1)
        typed("b", inputs[2], ("str",), 1)
        typed("result", output, ("str",), 1)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const uint8_t* condition = <const uint8_t*>inputs[0].values
        cdef int64_t row
        for row in range(frame.rows):
            (<Text*>output.values)[row] = (<const Text*>inputs[1 if condition[row] else 2].values)[row]
        return OK


cdef class TextOfCode(Kernel):
    """The text of a table at each code; missing for a code outside it.

    Args:
        inputs: one i64 per row.
        output: one text per row.
        table: the texts; ``offsets`` and ``utf8``.
    """

    cdef object keep
    cdef const int64_t* offsets
    cdef const char* utf8
    cdef int64_t count

    def __init__(self, inputs, output, *, table):
        cdef const int64_t[::1] offsets = table.offsets
        cdef const uint8_t[::1] utf8 = table.utf8
        typed("codes", inputs[0], ("i64",), 1)
        typed("result", output, ("str",), 1)
        self.keep, self.count = (offsets, utf8), len(table)
        self.offsets = &offsets[0]
        self.utf8 = <const char*>&utf8[0] if utf8.shape[0] else <const char*>&offsets[0]

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* codes = <const int64_t*>inputs[0].values
        cdef Text* out = <Text*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            out[row].at, out[row].length = NULL, MISSING_NAN
            if 0 <= codes[row] < self.count:
                out[row].at = self.utf8 + self.offsets[codes[row]]
                out[row].length = self.offsets[codes[row] + 1] - self.offsets[codes[row]]
        return OK


cdef class ConcatTexts(Kernel):
    """The texts of each row joined to one; the first missing one of a row is its result."""

    cdef int64_t parts

    def __init__(self, inputs, output):
        self.parts = len(inputs)
        for i, part in enumerate(inputs):
            typed(f"part {i}", part, ("str",), 1)
        typed("result", output, ("str",), 1)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Text* out = <Text*>output.values
        cdef int64_t total = 0, row
        cdef char* free_bytes
        for row in range(frame.rows):
            out[row].length = self.length(inputs, row)
            total += max(out[row].length, <int64_t>0)
        if reserve(&output.own_bytes, total + 64) != OK:
            return OUT_OF_MEMORY
        free_bytes = <char*>output.own_bytes.at
        for row in range(frame.rows):
            out[row].at = free_bytes
            if out[row].length >= 0:
                free_bytes = self.join(inputs, row, free_bytes)
        return OK

    cdef inline int64_t length(self, Slot** inputs, int64_t row) noexcept nogil:
        cdef int64_t total = 0, length, k
        for k in range(self.parts):
            length = (<const Text*>inputs[k].values)[row].length
            if length < 0:
                return length
            total += length
        return total

    cdef inline char* join(self, Slot** inputs, int64_t row, char* out) noexcept nogil:
        cdef const Text* text
        cdef int64_t k
        for k in range(self.parts):
            text = <const Text*>inputs[k].values + row
            memcpy(out, text.at, <size_t>text.length)
            out += text.length
        return out


cdef class FormatInteger(Kernel):
    """Each integer in decimal digits: ``i64`` in, ``str`` out."""

    def __init__(self, inputs, output):
        typed("x", inputs[0], ("i64",), 1)
        typed("result", output, ("str",), 1)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* x = <const int64_t*>inputs[0].values
        cdef Text* out = <Text*>output.values
        cdef int64_t row
        if reserve(&output.own_bytes, frame.rows * DIGITS + 64) != OK:
            return OUT_OF_MEMORY
        for row in range(frame.rows):
            write(x[row], <char*>output.own_bytes.at + (row + 1) * DIGITS, &out[row])
        return OK


cdef inline void write(int64_t value, char* end, Text* out) noexcept nogil:
    """Write the digits of a number before ``end``, from the last."""
    cdef uint64_t rest = <uint64_t>value if value >= 0 else <uint64_t>0 - <uint64_t>value
    cdef char* p = end
    while True:
        p -= 1
        p[0] = <char>(48 + rest % 10)
        rest //= 10
        if rest == 0:
            break
    if value < 0:
        p -= 1
        p[0] = 45
    out.at, out.length = p, end - p


cdef class Require(Kernel):
    """The first input as it is; a row for which the second is false is rejected.

    Args:
        inputs: dense values of any type, and one bool per row.
        output: as the first.
        reason: what is wrong with a rejected row.
    """

    cdef str reason
    cdef int64_t size

    def __init__(self, inputs, output, *, reason):
        if len(inputs) != 2:
            raise ValueError(f"expected two inputs, got {len(inputs)}")
        typed("x", inputs[0], tuple(ITEM_SIZE))
        typed("condition", inputs[1], ("bool",), 1)
        typed("result", output, (inputs[0].dtype,), inputs[0].columns)
        self.reason, self.size = reason, ITEM_SIZE[output.dtype] * output.columns

    def describe(self, code, row, column, value) -> str:
        """Describe it as the function of the user that fails for this row."""
        return f"row {row}: {self.reason}"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const uint8_t* condition = <const uint8_t*>inputs[1].values
        cdef int64_t row
        for row in range(frame.rows):
            if not condition[row]:
                return reject(frame, 0, row, 0, 0.0)
        memcpy(output.values, inputs[0].values, <size_t>(frame.rows * self.size))
        return OK
