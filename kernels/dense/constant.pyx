"""The same numbers for every row."""

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from pretzel.kernels.checks import address
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel

import numpy as np


cdef class Constant(Kernel):
    """``row`` over and over; of x only the number of rows matters.

    Args:
        inputs: anything.
        output: dense, of the type and the width of ``row``.
        row: ``[1]`` or ``[1, k]`` numbers.

    Raises:
        ValueError: the row is not of the type of the output.
    """

    cdef object kept
    cdef const char* row
    cdef int64_t size          # bytes of the row

    def __init__(self, inputs, output, *, row):
        if output.layout != "dense" or row.dtype != output.numpy or row.size != output.columns:
            raise ValueError(f"row: {row.dtype}{list(row.shape)} does not fit {output}")
        self.kept = np.ascontiguousarray(row)
        self.row, self.size = <const char*><size_t>address(self.kept), self.kept.nbytes

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        """Copy the row once, then what is there behind itself: the calls are as few as the doublings."""
        cdef char* out = <char*>output.values
        cdef int64_t wanted = frame.rows * self.size, written = min(wanted, self.size)
        if written:
            memcpy(out, self.row, <size_t>written)
        while written < wanted:
            memcpy(out + written, out, <size_t>min(written, wanted - written))
            written += min(written, wanted - written)
        return OK
