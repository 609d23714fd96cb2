"""Several values combined into one, element by element."""

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from pretzel.kernels.checks import FLOATS, typed
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real

cdef enum Function:
    PRODUCT = 0
    QUOTIENT = 1
    MAXIMUM = 2
    MINIMUM = 3
    COALESCE = 4

FUNCTIONS = ["product", "quotient", "maximum", "minimum", "coalesce"]


cdef class Combine(Kernel):
    """The first part combined with each of the others in turn, each step rounded to the type of the parts.

    Args:
        inputs: the parts, dense f32 or f64, all with the type and the width of the output.
        output: the same.
        function: one of ``FUNCTIONS``.

    Raises:
        ValueError: without parts, or if the type of a part differs from that of the result.
    """

    cdef int function
    cdef int64_t width, parts
    cdef bint single

    def __init__(self, inputs, output, *, function):
        typed("result", output, FLOATS)
        for i, part in enumerate(inputs):
            typed(f"part {i}", part, (output.dtype,), output.columns)
        if not inputs:
            raise ValueError("expected at least one part")
        self.function = FUNCTIONS.index(function)
        self.width, self.parts, self.single = output.columns, len(inputs), output.dtype == "f32"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t part, count = frame.rows * self.width
        memcpy(output.values, inputs[0].values, count * (4 if self.single else 8))
        for part in range(1, self.parts):
            if self.single:
                combine(self.function, <float*>inputs[part].values, <float*>output.values, count)
            else:
                combine(self.function, <double*>inputs[part].values, <double*>output.values, count)
        return OK


cdef inline void combine(int function, const real* x, real* y, int64_t count) noexcept nogil:
    """``y = function(y, x)``; NaN wins over the larger and the smaller."""
    cdef int64_t i
    if function == PRODUCT:
        for i in range(count):
            y[i] *= x[i]
    elif function == QUOTIENT:
        for i in range(count):
            y[i] /= x[i]
    elif function == MAXIMUM:
        for i in range(count):
            y[i] = x[i] if x[i] > y[i] or x[i] != x[i] else y[i]
    elif function == MINIMUM:
        for i in range(count):
            y[i] = x[i] if x[i] < y[i] or x[i] != x[i] else y[i]
    else:
        for i in range(count):
            y[i] = x[i] if y[i] != y[i] else y[i]
