"""A function of every number of a dense value."""

from libc.stdint cimport int64_t

from pretzel.kernels.checks import alike
from pretzel.kernels.cpu cimport level
from pretzel.kernels.dense.exponentials cimport Exponentials, exponentials_for
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel

cdef extern from "dense/elementwise.h" nogil:
    void pretzel_apply_f32(int function, const float* x, float* y, int64_t n) noexcept
    void pretzel_apply_f64(int function, const double* x, double* y, int64_t n) noexcept

cdef const Exponentials* exponentials = exponentials_for(level)

cdef enum Function:
    EXP = 0
    TANH = 9

FUNCTIONS = {
    name: i
    for i, name in enumerate([
        "exp", "log", "log1p", "expm1", "sqrt", "square", "abs", "negative", "reciprocal", "tanh", "relu", "one_plus_log",
        "sin", "cos", "erf",
    ])
}


cdef class Elementwise(Kernel):
    """``y = function(x)``, in float64 (``exp`` in the type of x), rounded to the type of x.

    ``exp`` of float64 and ``tanh`` are our own; the rest is the C library's.

    Args:
        inputs: dense f32 or f64.
        output: the same.
        function: one of ``FUNCTIONS``.

    Raises:
        ValueError: the types do not fit.
    """

    cdef int function
    cdef int64_t width
    cdef bint single

    def __init__(self, inputs, output, *, function):
        alike(inputs, output)
        self.function = FUNCTIONS[function]
        self.width, self.single = output.columns, output.dtype == "f32"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t n = frame.rows * self.width
        if self.function == TANH and self.single:
            exponentials.tanh_f32(<float*>inputs[0].values, <float*>output.values, n)
        elif self.function == TANH:
            exponentials.tanh_f64(<double*>inputs[0].values, <double*>output.values, n)
        elif self.function == EXP and not self.single:
            exponentials.exp_f64(<double*>inputs[0].values, <double*>output.values, n)
        elif self.single:
            pretzel_apply_f32(self.function, <float*>inputs[0].values, <float*>output.values, n)
        else:
            pretzel_apply_f64(self.function, <double*>inputs[0].values, <double*>output.values, n)
        return OK
