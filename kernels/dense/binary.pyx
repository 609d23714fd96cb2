"""Functions of two values per row: Arithmetic, Compare, Where."""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel

cdef extern from "dense/binary.h" nogil:
    void pretzel_pairs_f32(
        int function, const float* x, const float* y, float* z, int64_t rows, int64_t width, int64_t x_step,
        int64_t y_step
    ) noexcept
    void pretzel_pairs_f64(
        int function, const double* x, const double* y, double* z, int64_t rows, int64_t width, int64_t x_step,
        int64_t y_step
    ) noexcept
    void pretzel_pairs_i64(
        int function, const int64_t* x, const int64_t* y, int64_t* z, int64_t rows, int64_t width, int64_t x_step,
        int64_t y_step
    ) noexcept
    void pretzel_compare_f32(
        int function, const float* x, const float* y, uint8_t* z, int64_t rows, int64_t width, int64_t x_step,
        int64_t y_step
    ) noexcept
    void pretzel_compare_f64(
        int function, const double* x, const double* y, uint8_t* z, int64_t rows, int64_t width, int64_t x_step,
        int64_t y_step
    ) noexcept
    void pretzel_compare_i64(
        int function, const int64_t* x, const int64_t* y, uint8_t* z, int64_t rows, int64_t width, int64_t x_step,
        int64_t y_step
    ) noexcept
    void pretzel_compare_bool(
        int function, const uint8_t* x, const uint8_t* y, uint8_t* z, int64_t rows, int64_t width, int64_t x_step,
        int64_t y_step
    ) noexcept

ARITHMETIC = {
    name: i
    for i, name in enumerate([
        "add", "subtract", "multiply", "divide", "power", "minimum", "maximum", "floor_divide", "remainder", "arctan2",
        "hypot",
    ])
}
OF_FLOATS = ("arctan2", "hypot")
COMPARISONS = {name: i for i, name in enumerate(["less", "less_equal", "equal"])}
NUMBERS = ("f32", "f64", "i64")

ctypedef void (*pairs)(
    int function, const void* x, const void* y, void* z, int64_t rows, int64_t width, int64_t x_step, int64_t y_step
) noexcept nogil

ctypedef fused item:
    uint8_t
    uint32_t
    uint64_t


def step_of(name, kind, output, dtypes):
    """Return the step between the values of an input row: 1, or 0 if its one column is repeated.

    Raises:
        ValueError: its type is not one of these, or it has neither one column nor as many as the output.
    """
    typed(name, kind, dtypes)
    if kind.columns not in (1, output.columns):
        raise ValueError(f"{name}: {kind} does not fit a result of {output.columns} columns")
    return int(kind.columns == output.columns)


cdef class _Pairs(Kernel):
    """Base of arithmetic and comparison: two inputs of one type, and the loop over both."""

    cdef int function
    cdef int64_t width, a_step, b_step
    cdef pairs compute

    cdef int set(self, inputs, output, dtypes) except -1:
        if len(inputs) != 2:
            raise ValueError(f"expected two inputs, got {len(inputs)}")
        self.a_step = step_of("a", inputs[0], output, dtypes)
        self.b_step = step_of("b", inputs[1], output, (inputs[0].dtype,))
        self.width = output.columns
        return 0

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        self.compute(
            self.function, inputs[0].values, inputs[1].values, output.values, frame.rows, self.width, self.a_step,
            self.b_step,
        )
        return OK


cdef class Arithmetic(_Pairs):
    """``function(a, b)`` in the type of both; powers use the C library in float64, angles and lengths in the type.

    Args:
        inputs: two dense values of f32, f64 or i64, of one type; each of one column or of as many as the output.
        output: dense, of that type.
        function: one of ``ARITHMETIC``.

    Raises:
        ValueError: the types do not fit.
    """

    def __init__(self, inputs, output, *, function):
        self.set(inputs, output, NUMBERS[:2] if function in OF_FLOATS else NUMBERS)
        typed("result", output, (inputs[0].dtype,))
        self.function = ARITHMETIC[function]
        if output.dtype == "f32":
            self.compute = <pairs>pretzel_pairs_f32
        elif output.dtype == "f64":
            self.compute = <pairs>pretzel_pairs_f64
        else:
            self.compute = <pairs>pretzel_pairs_i64


cdef class Compare(_Pairs):
    """``function(a, b)`` as bool.

    Args:
        inputs: two dense values of f32, f64, i64 or bool, of one type; each of one column or of as many as the output.
        output: dense bool.
        function: one of ``COMPARISONS``.

    Raises:
        ValueError: the types do not fit.
    """

    def __init__(self, inputs, output, *, function):
        self.set(inputs, output, (*NUMBERS, "bool"))
        typed("result", output, ("bool",))
        self.function = COMPARISONS[function]
        if inputs[0].dtype == "f32":
            self.compute = <pairs>pretzel_compare_f32
        elif inputs[0].dtype == "f64":
            self.compute = <pairs>pretzel_compare_f64
        elif inputs[0].dtype == "i64":
            self.compute = <pairs>pretzel_compare_i64
        else:
            self.compute = <pairs>pretzel_compare_bool


cdef class Where(Kernel):
    """a where the condition holds, else b.

    Args:
        inputs: dense bool, and two dense values of f32, f64, i64 or bool of one type; each of one column or of as many
            as the output.
        output: dense, of the type of the two.

    Raises:
        ValueError: the types do not fit.
    """

    cdef int64_t width
    cdef int64_t steps[3]      # of the condition, a and b
    cdef int itemsize

    def __init__(self, inputs, output):
        if len(inputs) != 3:
            raise ValueError(f"expected three inputs, got {len(inputs)}")
        typed("result", output, (*NUMBERS, "bool"))
        self.steps[0] = step_of("condition", inputs[0], output, ("bool",))
        self.steps[1] = step_of("a", inputs[1], output, (output.dtype,))
        self.steps[2] = step_of("b", inputs[2], output, (output.dtype,))
        self.width, self.itemsize = output.columns, output.numpy.itemsize

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const uint8_t* holds = <const uint8_t*>inputs[0].values
        cdef void* a = inputs[1].values
        cdef void* b = inputs[2].values
        if self.itemsize == 1:
            choose(holds, <uint8_t*>a, <uint8_t*>b, <uint8_t*>output.values, frame.rows, self.width, self.steps)
        elif self.itemsize == 4:
            choose(holds, <uint32_t*>a, <uint32_t*>b, <uint32_t*>output.values, frame.rows, self.width, self.steps)
        else:
            choose(holds, <uint64_t*>a, <uint64_t*>b, <uint64_t*>output.values, frame.rows, self.width, self.steps)
        return OK


cdef inline void choose(
    const uint8_t* holds, const item* a, const item* b, item* y, int64_t rows, int64_t width, const int64_t* steps
) noexcept nogil:
    cdef int64_t row, i
    for row in range(rows):
        for i in range(width):
            y[i] = a[i * steps[1]] if holds[i * steps[0]] else b[i * steps[2]]
        holds += width if steps[0] else 1
        a += width if steps[1] else 1
        b += width if steps[2] else 1
        y += width
