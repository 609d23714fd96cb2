"""Scores to probabilities: Link."""

from libc.math cimport exp, expf, isfinite, isinf, log, log1p
from libc.stdint cimport int64_t

from pretzel.kernels.checks import FLOATS, alike, typed
from pretzel.kernels.cpu cimport level
from pretzel.kernels.dense.exponentials cimport Exponentials, exponentials_for
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real

cdef extern from "dense/sums.h" nogil:
    float pretzel_sum_f32(const float* x, int64_t n) noexcept
    double pretzel_sum_f64(const double* x, int64_t n) noexcept

cdef const Exponentials* exponentials = exponentials_for(level)

cdef enum Function:
    SIGMOID = 0
    SOFTMAX = 1
    SIGMOID_PAIR = 2
    SOFTMAX_PAIR = 3
    COMPLEMENT_PAIR = 4
    LOG = 5
    SHARES = 6
    LOG_SOFTMAX = 7
    LOG_SUM_EXP = 8
    INVERSE_DISTANCES = 9
    SOFTMAX_IN_ORDER = 10

FUNCTIONS = [
    "sigmoid", "softmax", "sigmoid_pair", "softmax_pair", "complement_pair", "log", "shares", "log_softmax",
    "log_sum_exp", "inverse_distances", "softmax_in_order",
]


cdef class Link(Kernel):
    """Scores to probabilities, row by row, in the type of x; each function is the operator's of that name.

    Args:
        inputs: dense f32 or f64; one value per row for the pairs.
        output: as x, but ``[2]`` for the pairs, and one value per row for ``log_sum_exp``.
        function: one of ``FUNCTIONS``.

    Raises:
        ValueError: the types do not fit.
    """

    cdef int function
    cdef int64_t width         # of x
    cdef bint single

    def __init__(self, inputs, output, *, function):
        if function.endswith("_pair"):
            typed("x", inputs[0], FLOATS, 1)
            typed("result", output, (inputs[0].dtype,), 2)
        elif function == "log_sum_exp":
            typed("x", inputs[0], FLOATS)
            typed("result", output, (inputs[0].dtype,), 1)
            if inputs[0].columns == 0:
                raise ValueError("x: expected a column at least")
        else:
            alike(inputs, output)
        self.function = FUNCTIONS.index(function)
        self.width, self.single = inputs[0].columns, output.dtype == "f32"

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        if self.function == LOG_SUM_EXP and reserve(&frame.scratch, self.width * 8):
            return OUT_OF_MEMORY
        if self.single:
            link(self.function, <float*>inputs[0].values, <float*>output.values, frame, self.width)
        else:
            link(self.function, <double*>inputs[0].values, <double*>output.values, frame, self.width)
        return OK


cdef inline void link(int function, const real* x, real* y, Frame* frame, int64_t width) noexcept nogil:
    cdef int64_t i, rows = frame.rows
    if function == SIGMOID:
        sigmoids(x, y, rows * width)
    elif function == LOG:
        for i in range(rows * width):
            y[i] = <real>log(x[i])
    elif function == SOFTMAX:
        for i in range(rows):
            softmax(x + i * width, y + i * width, width)
    elif function == SOFTMAX_IN_ORDER:
        for i in range(rows):
            softmax_in_order(x + i * width, y + i * width, width)
    elif function == SHARES:
        for i in range(rows):
            shares(x + i * width, y + i * width, width)
    elif function == LOG_SOFTMAX:
        for i in range(rows):
            log_softmax(x + i * width, y + i * width, width)
    elif function == LOG_SUM_EXP:
        for i in range(rows):
            y[i] = log_sum_exp(x + i * width, <real*>frame.scratch.at, width)
    elif function == INVERSE_DISTANCES:
        for i in range(rows):
            inverse_distances(x + i * width, y + i * width, width)
    else:
        for i in range(rows):
            pair(function, x[i], y + 2 * i)


cdef inline void sigmoids(const real* x, real* y, int64_t n) noexcept nogil:
    if real is float:
        exponentials.logistic_f32(x, y, n)
    else:
        exponentials.logistic_f64(x, y, n)


cdef inline real sigmoid(real x) noexcept nogil:
    """``scipy.special.expit``, each step in the type of x: a result near 1 shows the last bit of its power."""
    cdef real one = 1, power
    if real is float:
        power = expf(-x)
    else:
        power = exp(-x)
    return one / (one + power)


cdef inline void pair(int function, real x, real* y) noexcept nogil:
    """Write two columns from one number."""
    cdef real both[2]
    if function == SOFTMAX_PAIR:
        both[0], both[1] = -x, x
        softmax(both, y, 2)
    else:
        y[1] = sigmoid(x) if function == SIGMOID_PAIR else x
        y[0] = 1 - y[1]


cdef inline void inverse_distances(const real* x, real* y, int64_t width) noexcept nogil:
    """``1 / x``; if some are infinite, one for these and zero for the others."""
    cdef int64_t i
    cdef bint endless = False
    for i in range(width):
        y[i] = <real>1 / x[i]
        endless = endless or isinf(y[i])
    if endless:
        for i in range(width):
            y[i] = 1 if isinf(y[i]) else 0


cdef inline real sum_of(const real* x, int64_t n) noexcept nogil:
    if real is float:
        return pretzel_sum_f32(x, n)
    else:
        return pretzel_sum_f64(x, n)


cdef inline real largest_of(const real* x, int64_t n) noexcept nogil:
    """Return the largest; a NaN counts as largest."""
    cdef int64_t i
    cdef real largest = x[0]
    for i in range(1, n):
        if x[i] > largest or x[i] != x[i]:
            largest = x[i]
    return largest


cdef inline void softmax(const real* x, real* y, int64_t width) noexcept nogil:
    """``exp(x - max) / sum``, each step rounded to the type of x (``sklearn.utils.extmath.softmax``)."""
    cdef int64_t i
    cdef real largest = largest_of(x, width), total
    for i in range(width):
        y[i] = <real>exp(<real>(x[i] - largest))
    total = sum_of(y, width)
    for i in range(width):
        y[i] /= total


cdef inline void softmax_in_order(const real* x, real* y, int64_t width) noexcept nogil:
    """Softmax with powers in the type of x, added in order in float64 (LightGBM's, XGBoost's ``Softmax``)."""
    cdef int64_t i
    cdef real largest = largest_of(x, width)
    cdef double total = 0
    for i in range(width):
        y[i] = expf(x[i] - largest) if real is float else exp(x[i] - largest)
        total += y[i]
    for i in range(width):
        y[i] /= <real>total


cdef inline void log_softmax(const real* x, real* y, int64_t width) noexcept nogil:
    """``x - logsumexp(x)``."""
    cdef int64_t i
    cdef real total = log_sum_exp(x, y, width)
    for i in range(width):
        y[i] = x[i] - total


cdef inline real log_sum_exp(const real* x, real* powers, int64_t width) noexcept nogil:
    """``log(sum(exp(x)))``, the largest value and its equals taken out of the sum (``scipy.special.logsumexp``)."""
    cdef int64_t i
    cdef real largest = largest_of(x, width), count = 0, shift, rest
    shift = largest if isfinite(largest) else 0
    for i in range(width):
        count += x[i] == largest
        powers[i] = 0 if x[i] == largest else <real>exp(<real>(x[i] - shift))
    rest = sum_of(powers, width)
    rest = rest if rest == 0 else rest / count
    return <real>log1p(rest) + <real>log(count) + largest


cdef inline void shares(const real* x, real* y, int64_t width) noexcept nogil:
    """``x / sum``; all equal if the sum is 0 (``LinearClassifierMixin._predict_proba_lr``)."""
    cdef int64_t i
    cdef real total = sum_of(x, width)
    for i in range(width):
        y[i] = x[i] / total if total != 0 else <real>1 / <real>width
