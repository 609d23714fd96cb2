"""Values that must be within the limits of their column."""

from libc.math cimport isnan
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from pretzel.kernels.checks import address, alike, vector
from pretzel.kernels.cpu cimport level
from pretzel.kernels.frame cimport OK, Frame, Slot, reject
from pretzel.kernels.kernel cimport Kernel

cdef extern from "fused/beyond.h" nogil:
    enum:
        GROUP
    ctypedef struct Beyond:
        int64_t (*first)(
            const double* x, int64_t rows, int64_t width, const double* low, const double* high
        ) noexcept nogil
    const Beyond* beyond_for(int level)

cdef const Beyond* beyond = beyond_for(level)

cdef enum Refusal:
    HAS_NAN = 1
    IS_TOO_LARGE = 2


cdef class RequireWithin(Kernel):
    """x unchanged; rejects values outside ``low .. high`` of their column, and NaN unless it is allowed."""

    cdef object arrays
    cdef const double* low
    cdef const double* high
    cdef int64_t width
    cdef bint allow_nan
    cdef str owner, reason

    def __init__(self, inputs, output, *, low, high, owner, allow_nan, reason=""):
        alike(inputs, output, ("f64",))
        self.width, self.owner, self.allow_nan, self.reason = output.columns, owner, allow_nan, reason
        self.arrays = vector("low", low, "f64", self.width), vector("high", high, "f64", self.width)
        self.low = <const double*><size_t>address(self.arrays[0])
        self.high = <const double*><size_t>address(self.arrays[1])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const double* x = <double*>inputs[0].values
        cdef int64_t row = 0, last
        cdef int status
        while row < frame.rows:
            row += beyond.first(x + row * self.width, frame.rows - row, self.width, self.low, self.high)
            last = min(row + GROUP, frame.rows)
            while row < last:
                status = self.check(frame, x + row * self.width, row)
                if status != OK:
                    return status
                row += 1
        if output.values == output.own_values.at:
            output.values = inputs[0].values  # only later kernels read it: no copy is needed
        else:
            memcpy(output.values, inputs[0].values, frame.rows * self.width * 8)
        return OK

    cdef int check(self, Frame* frame, const double* x, int64_t row) noexcept nogil:
        """Reject the first value of a row that is not allowed."""
        cdef int64_t i
        for i in range(self.width):
            if isnan(x[i]) and not self.allow_nan:
                return reject(frame, HAS_NAN, row, i, x[i])
            if x[i] < self.low[i] or x[i] > self.high[i]:
                return reject(frame, IS_TOO_LARGE, row, i, x[i])
        return OK

    def describe(self, code, row, column, value):
        """Describe the value as scikit-learn does, with its position."""
        if code == IS_TOO_LARGE and self.reason:
            return f"{self.reason}: row {row}, column {column}, in {self.owner}"
        problem = "NaN" if code == HAS_NAN else "infinity or a value too large for dtype('float64')"
        return f"Input X contains {problem}: row {row}, column {column}. {self.owner} takes finite values"
