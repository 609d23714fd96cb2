"""The same numbers for every row."""

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from pretzel.kernels.checks import address
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel

import numpy as np


cdef class Constant(Kernel):
    """``row`` repeated; only the number of rows of x matters.

    Args:
        inputs: anything.
        output: dense, of the type and the width of ``row``.
        row: ``[1]`` or ``[1, k]`` numbers.

    Raises:
        ValueError: the type of the row is not that of the output.
    """

    cdef object array
    cdef const char* row
    cdef int64_t size          # bytes of the row

    def __init__(self, inputs, output, *, row):
        if output.layout != "dense" or row.dtype != output.numpy or row.size != output.columns:
            raise ValueError(f"row: {row.dtype}{list(row.shape)} does not fit {output}")
        self.array = np.ascontiguousarray(row)
        self.row, self.size = <const char*><size_t>address(self.array), self.array.nbytes

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        """Copy the row once, then double the copied part, so that the number of calls is logarithmic."""
        cdef char* out = <char*>output.values
        cdef int64_t bytes_needed = frame.rows * self.size, written = min(bytes_needed, self.size)
        if written:
            memcpy(out, self.row, <size_t>written)
        while written < bytes_needed:
            memcpy(out + written, out, <size_t>min(written, bytes_needed - written))
            written += min(written, bytes_needed - written)
        return OK
