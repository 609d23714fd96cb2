"""Category codes to columns and table rows, and texts with missing values filled."""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcmp, memcpy

import numpy as np

from pretzel.kernels.frame cimport (
    MISSING_NAN, MISSING_NONE, OK, OUT_OF_MEMORY, Frame, Slot, Text, reject, reserve_sparse,
)
from pretzel.kernels.kernel cimport Kernel


cdef class OneHot(Kernel):
    """One-hot columns: a one in the column of each code; a code outside 0..width-1 gives a row of zeros.

    Args:
        inputs: one i64 per row.
        output: sparse rows of ``width`` columns of f32, f64 or i64.
    """

    cdef int64_t width
    cdef int itemsize
    cdef uint8_t one[8]

    def __init__(self, inputs, output, *, width, dtype):
        cdef bytes one = np.ones(1, output.numpy).tobytes()
        self.width, self.itemsize = width, len(one)
        memcpy(self.one, <const char*>one, self.itemsize)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* codes = <const int64_t*>inputs[0].values
        cdef int64_t row, stored = 0
        if reserve_sparse(frame, output, frame.rows, self.itemsize) != OK:
            return OUT_OF_MEMORY
        for row in range(frame.rows):
            output.starts[row] = stored
            if 0 <= codes[row] < self.width:
                output.columns[stored] = <int32_t>codes[row]
                memcpy(<char*>output.values + stored * self.itemsize, self.one, self.itemsize)
                stored += 1
        output.starts[frame.rows] = stored
        return OK


cdef class Take(Kernel):
    """Table rows selected by code; a code outside the table gives ``default``.

    Args:
        inputs: one i64 per row.
        output: of the type of ``table``, as wide as its rows.
        table: ``[n]`` or ``[n, k]`` numbers.
        default: converted to the type of ``table``.

    Raises:
        ValueError: the table is not of the type of the output.
    """

    cdef object keep
    cdef const char* table
    cdef const char* default
    cdef int64_t count, size  # rows, and bytes of each

    def __init__(self, inputs, output, *, table, default):
        if table.dtype != output.numpy or table.shape[1:] not in ((), (output.columns,)):
            raise ValueError(f"table: {table.dtype}{list(table.shape)} does not fit {output}")
        cdef bytes filled = np.full(output.columns, default, table.dtype).tobytes()
        self.keep = (table, filled)
        self.table, self.default = <const char*><size_t>table.__array_interface__["data"][0], filled
        self.count, self.size = len(table), len(filled)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* codes = <const int64_t*>inputs[0].values
        cdef const char* source
        cdef int64_t row
        for row in range(frame.rows):
            source = self.table + codes[row] * self.size if 0 <= codes[row] < self.count else self.default
            memcpy(<char*>output.values + row * self.size, source, <size_t>self.size)
        return OK


cdef class ImputeText(Kernel):
    """Missing texts replaced by the fill of their column (``SimpleImputer.transform``).

    Args:
        inputs: texts, one or several per row.
        output: the same.
        fill: the text for each column; ``offsets`` and ``utf8``.
        missing_text: the text that means missing; if None, NaN does.
        missing_none: None means missing instead.
    """

    cdef object keep
    cdef const int64_t* offsets
    cdef const char* utf8
    cdef bytes marker_bytes
    cdef Text marker
    cdef int64_t width

    def __init__(self, inputs, output, *, fill, missing_text, missing_none):
        cdef const int64_t[::1] offsets = fill.offsets
        cdef const uint8_t[::1] utf8 = fill.utf8
        self.width = output.columns
        if len(fill) != self.width:
            raise ValueError(f"fill: {len(fill)} texts for {self.width} columns")
        self.keep = (offsets, utf8)
        self.offsets = &offsets[0]
        self.utf8 = <const char*>&utf8[0] if utf8.shape[0] else <const char*>&offsets[0]
        self.marker_bytes = b"" if missing_text is None else missing_text.encode()
        self.marker.at, self.marker.length = self.marker_bytes, len(self.marker_bytes)
        if missing_text is None:
            self.marker.length = MISSING_NONE if missing_none else MISSING_NAN

    def describe(self, code, row, column, value) -> str:
        """Describe it as ``check_array`` does."""
        return f"row {row}, column {column}: Input X contains NaN, which this SimpleImputer does not take as missing"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef Text* out = <Text*>output.values
        cdef int64_t row, column, i
        for row in range(frame.rows):
            for column in range(self.width):
                i = row * self.width + column
                out[i] = texts[i]
                if self._is_marker(texts[i]):
                    out[i].at = self.utf8 + self.offsets[column]
                    out[i].length = self.offsets[column + 1] - self.offsets[column]
                elif texts[i].length == MISSING_NAN:
                    return reject(frame, 0, row, column, 0.0)
        return OK

    cdef inline bint _is_marker(self, Text text) noexcept nogil:
        if text.length != self.marker.length:
            return False
        return text.length < 0 or memcmp(text.at, self.marker.at, <size_t>text.length) == 0
