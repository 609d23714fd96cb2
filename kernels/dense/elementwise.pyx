"""A function, or a test, of every number of a dense value."""

from libc.stdint cimport int64_t, uint8_t

from pretzel.kernels.checks import FLOATS, alike, typed
from pretzel.kernels.cpu cimport level
from pretzel.kernels.dense.exponentials cimport Exponentials, exponentials_for
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel

cdef extern from "dense/elementwise.h" nogil:
    void pretzel_apply_f32(int function, const float* x, float* y, int64_t n) noexcept
    void pretzel_apply_f64(int function, const double* x, double* y, int64_t n) noexcept
    void pretzel_test_f32(int test, const float* x, uint8_t* y, int64_t n) noexcept
    void pretzel_test_f64(int test, const double* x, uint8_t* y, int64_t n) noexcept

cdef const Exponentials* exponentials = exponentials_for(level)

cdef enum Function:
    EXP = 0
    TANH = 9

FUNCTIONS = {
    name: i
    for i, name in enumerate([
        "exp", "log", "log1p", "expm1", "sqrt", "square", "abs", "negative", "reciprocal", "tanh", "relu",
        "one_plus_log", "sin", "cos", "erf", "log2", "log10", "exp2", "tan", "arcsin", "arccos", "arctan", "sinh",
        "cosh", "arcsinh", "arccosh", "arctanh", "sign", "floor", "ceil", "trunc", "rint", "cbrt", "expit", "logit",
    ])
}
TESTS = {name: i for i, name in enumerate(["isnan", "isinf", "isfinite", "signbit"])}


cdef class Elementwise(Kernel):
    """``y = function(x)``, in float64 (``exp`` in the type of x), rounded to the type of x.

    ``exp`` of float64 and ``tanh`` are our own; the others are the C library's.

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


cdef class Test(Kernel):
    """``y = test(x)`` for each number.

    Args:
        inputs: dense f32 or f64.
        output: bool, as wide.
        function: one of ``TESTS``.

    Raises:
        ValueError: the types do not fit.
    """

    cdef int test
    cdef int64_t width
    cdef bint single

    def __init__(self, inputs, output, *, function):
        if len(inputs) != 1:
            raise ValueError(f"expected one input, got {len(inputs)}")
        typed("x", inputs[0], FLOATS)
        typed("result", output, ("bool",), inputs[0].columns)
        self.test = TESTS[function]
        self.width, self.single = output.columns, inputs[0].dtype == "f32"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t n = frame.rows * self.width
        if self.single:
            pretzel_test_f32(self.test, <float*>inputs[0].values, <uint8_t*>output.values, n)
        else:
            pretzel_test_f64(self.test, <double*>inputs[0].values, <uint8_t*>output.values, n)
        return OK
