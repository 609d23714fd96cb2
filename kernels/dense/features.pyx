"""Features computed from dense numbers: Bin, Products, Power."""

from libc.math cimport copysign, exp, expm1, fabs, isnan, log, log1p, pow
from libc.stdint cimport int64_t

import numpy as np

from pretzel.kernels.checks import address, alike, positions, typed, vector
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real

cdef enum Form:
    POWER = 0
    BOX_COX = 1
    YEO_JOHNSON = 2
    INVERSE_BOX_COX = 3
    INVERSE_YEO_JOHNSON = 4

POWERS = ("power", "box_cox", "yeo_johnson", "inverse_box_cox", "inverse_yeo_johnson")

cdef double EPSILON = 2.0 ** -52
cdef double LARGEST = 709.78  # above it expm1 overflows


cdef class Bin(Kernel):
    """The number of edges of its column that each value has reached; NaN reaches all.

    Args:
        inputs: dense f32 or f64; compared in float64.
        output: i64, as wide.
        edges: ``f64[n]``: the edges of all columns, ascending within each.
        starts: ``i64[width + 1]``: the start of the edges of each column, from 0 to n.

    Raises:
        ValueError: types or shapes do not fit, or the starts point outside the edges.
    """

    cdef object arrays
    cdef const double* edges
    cdef const int64_t* starts
    cdef int64_t width
    cdef bint single

    def __init__(self, inputs, output, *, edges, starts):
        typed("x", inputs[0], ("f32", "f64"))
        typed("result", output, ("i64",), inputs[0].columns)
        self.width, self.single = output.columns, inputs[0].dtype == "f32"
        ends = positions("starts", starts, len(edges) + 1)
        if len(ends) != self.width + 1 or (np.diff(ends) < 0).any():
            raise ValueError(f"starts: expected {self.width + 1} rising positions")
        self.arrays = vector("edges", edges, "f64", len(edges)), ends
        self.edges = <const double*><size_t>address(self.arrays[0])
        self.starts = <const int64_t*><size_t>address(self.arrays[1])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t* y = <int64_t*>output.values
        if self.single:
            bin_rows(<float*>inputs[0].values, y, frame.rows, self.width, self.edges, self.starts)
        else:
            bin_rows(<double*>inputs[0].values, y, frame.rows, self.width, self.edges, self.starts)
        return OK


cdef inline void bin_rows(
    const real* x, int64_t* y, int64_t rows, int64_t width, const double* edges, const int64_t* starts
) noexcept nogil:
    cdef int64_t row, i
    for row in range(rows):
        for i in range(width):
            y[i] = reached(x[i], edges + starts[i], starts[i + 1] - starts[i])
        x += width
        y += width


cdef inline int64_t reached(double x, const double* edges, int64_t count) noexcept nogil:
    """Return the number of ascending edges that are at most x, by bisection."""
    cdef int64_t low = 0, high = count, middle
    if isnan(x):
        return count
    while low < high:
        middle = (low + high) >> 1
        if edges[middle] <= x:
            low = middle + 1
        else:
            high = middle
    return low


cdef class Products(Kernel):
    """Products of the columns that each row of factors names, from left to right; -1 means no factor.

    Args:
        inputs: dense f32 or f64.
        output: k columns of that type; a product without factors is 1.
        factors: ``i64[k, degree]``: columns in 0..width-1, or -1.

    Raises:
        ValueError: types do not fit, or a factor is outside x.
    """

    cdef object arrays
    cdef const int64_t* factors
    cdef int64_t width, count, degree
    cdef bint single

    def __init__(self, inputs, output, *, factors):
        typed("x", inputs[0], ("f32", "f64"))
        typed("result", output, (inputs[0].dtype,), len(factors))
        self.width, self.single = inputs[0].columns, output.dtype == "f32"
        self.count, self.degree = factors.shape
        self.arrays = positions("factors", factors.ravel() + 1, self.width + 1) - 1
        self.factors = <const int64_t*><size_t>address(self.arrays)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef void* x = inputs[0].values
        if self.single:
            multiply(<float*>x, <float*>output.values, frame.rows, self.width, self.factors, self.count, self.degree)
        else:
            multiply(<double*>x, <double*>output.values, frame.rows, self.width, self.factors, self.count, self.degree)
        return OK


cdef inline void multiply(
    const real* x, real* y, int64_t rows, int64_t width, const int64_t* factors, int64_t count, int64_t degree
) noexcept nogil:
    cdef int64_t row, i
    for row in range(rows):
        for i in range(count):
            y[i] = product(x, factors + i * degree, degree)
        x += width
        y += count


cdef inline real product(const real* x, const int64_t* factors, int64_t degree) noexcept nogil:
    cdef real result = 1
    cdef int64_t i
    for i in range(degree):
        if factors[i] >= 0:
            result = result * x[factors[i]]
    return result


cdef class Power(Kernel):
    """Power, Box-Cox or Yeo-Johnson transforms of columns, or inverses of those, each column with its exponent.

    Args:
        inputs: dense f64.
        output: the same.
        exponents: ``f64[width]``.
        form: one of ``POWERS``.

    Raises:
        ValueError: types or shape do not fit, or the form is unknown.
    """

    cdef object arrays
    cdef const double* exponents
    cdef int64_t width
    cdef int form

    def __init__(self, inputs, output, *, exponents, form):
        alike(inputs, output, ("f64",))
        if form not in POWERS:
            raise ValueError(f"form: expected one of {', '.join(POWERS)}, got {form!r}")
        self.width, self.form = output.columns, POWERS.index(form)
        self.arrays = vector("exponents", exponents, "f64", self.width)
        self.exponents = <const double*><size_t>address(self.arrays)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const double* x = <double*>inputs[0].values
        cdef double* y = <double*>output.values
        cdef int64_t row, i
        for row in range(frame.rows):
            for i in range(self.width):
                y[i] = raised(self.form, x[i], self.exponents[i])
            x += self.width
            y += self.width
        return OK


cdef inline double raised(int form, double x, double p) noexcept nogil:
    if form == POWER:
        return pow(x, p)
    if form == BOX_COX:
        return box_cox(x, p)
    if form == YEO_JOHNSON:
        return branch(x, p) if x >= 0 else -branch(-x, 2.0 - p)
    if form == INVERSE_BOX_COX:
        return exp(x) if p == 0 else exp(log1p(p * x) / p)
    return inverse_branch(x, p) if x >= 0 else -inverse_branch(-x, 2.0 - p)


cdef inline double box_cox(double x, double p) noexcept nogil:
    """``(x**p - 1) / p``, without cancellation, and without overflow for small p."""
    cdef double exponent
    if fabs(p) < 1e-19:
        return log(x)
    exponent = p * log(x)
    if exponent < LARGEST:
        return expm1(exponent) / p
    return copysign(1.0, p) * exp(exponent - log(fabs(p))) - 1.0 / p


cdef inline double branch(double x, double p) noexcept nogil:
    cdef double logarithm = log1p(x)
    return logarithm if fabs(p) <= EPSILON else expm1(p * logarithm) / p


cdef inline double inverse_branch(double x, double p) noexcept nogil:
    return exp(x) - 1 if fabs(p) <= EPSILON else pow(x * p + 1, 1 / p) - 1
