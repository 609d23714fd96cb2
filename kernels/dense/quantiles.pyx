"""Quantiles of dense numbers: Interpolate, NormalQuantile, NormalProbability."""

from libc.math cimport INFINITY, NAN, erf, erfc, exp, isnan, log, sqrt
from libc.stdint cimport int64_t

import numpy as np

from pretzel.kernels.checks import address, alike, matrix, vector
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real

cdef double ROOT_2 = 1.4142135623730951
cdef double ROOT_2_PI = 2.5066282746310002


cdef struct Curve:
    const double* knots
    const double* levels
    int64_t count
    bint upwards


cdef class Interpolate(Kernel):
    """Linear interpolation between knots, upwards or as the mean of both directions (``QuantileTransformer``).

    Args:
        inputs: dense f32 or f64.
        output: the same.
        knots: ``f64[width, n]``, ascending along each row, finite; n is 1 or more.
        levels: ``f64[n]``: the result at each knot.
        margin: values this close to the outermost knots get their level, in the type of x.
        upwards: interpolate upwards only.

    Raises:
        ValueError: types or shapes do not fit.
    """

    cdef object arrays
    cdef const double* knots
    cdef const double* levels
    cdef int64_t width, count
    cdef double margin
    cdef bint single, upwards

    def __init__(self, inputs, output, *, knots, levels, margin, upwards=False):
        alike(inputs, output)
        self.upwards = upwards
        self.width, self.single, self.margin = output.columns, output.dtype == "f32", margin
        self.count = len(levels)
        if self.count < 1:
            raise ValueError("levels: expected one or more")
        self.arrays = (
            matrix("knots", knots, "f64", (self.width, self.count)), vector("levels", levels, "f64", self.count),
        )
        self.knots = <const double*><size_t>address(self.arrays[0])
        self.levels = <const double*><size_t>address(self.arrays[1])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Curve curve
        cdef int64_t row, i, at = 0
        curve.levels, curve.count, curve.upwards = self.levels, self.count, self.upwards
        for row in range(frame.rows):
            for i in range(self.width):
                curve.knots = self.knots + i * self.count
                if self.single:
                    (<float*>output.values)[at] = level((<float*>inputs[0].values)[at], <float>self.margin, &curve)
                else:
                    (<double*>output.values)[at] = level((<double*>inputs[0].values)[at], self.margin, &curve)
                at += 1
        return OK


cdef inline real level(real x, real margin, const Curve* curve) noexcept nogil:
    cdef int64_t last = curve.count - 1
    if isnan(x):
        return x
    if (<real>(x - margin) < curve.knots[0]) if margin != 0 else (x <= curve.knots[0]):
        return <real>curve.levels[0]
    if (<real>(x + margin) > curve.knots[last]) if margin != 0 else (x >= curve.knots[last]):
        return <real>curve.levels[last]
    if curve.upwards:
        return <real>upwards(x, curve)
    return <real>(0.5 * (upwards(x, curve) - downwards(x, curve)))


cdef inline double upwards(double x, const Curve* curve) noexcept nogil:
    """Interpolate from the last knot that x has reached."""
    cdef int64_t j = reached(x, curve, True) - 1
    cdef const double* q = curve.knots
    cdef const double* r = curve.levels
    if j < 0:
        return r[0]
    if j == curve.count - 1 or q[j] == x:
        return r[j]
    return (r[j + 1] - r[j]) / (q[j + 1] - q[j]) * (x - q[j]) + r[j]


cdef inline double downwards(double x, const Curve* curve) noexcept nogil:
    """Interpolate minus the levels, from the first knot that is not below x."""
    cdef int64_t k = reached(x, curve, False)
    cdef const double* q = curve.knots
    cdef const double* r = curve.levels
    if k == curve.count:
        return -r[k - 1]
    if k == 0 or q[k] == x:
        return -r[k]
    return (r[k] - r[k - 1]) / (q[k] - q[k - 1]) * (q[k] - x) - r[k]


cdef inline int64_t reached(double x, const Curve* curve, bint equal) noexcept nogil:
    """Return the number of knots below x, or equal to it if ``equal``."""
    cdef int64_t low = 0, high = curve.count, middle
    while low < high:
        middle = (low + high) >> 1
        if curve.knots[middle] < x or (equal and curve.knots[middle] == x):
            low = middle + 1
        else:
            high = middle
    return low


ctypedef double (*Function)(double) noexcept nogil


cdef class _Normal(Kernel):
    """Base of both directions: a function of each number."""

    cdef Function function
    cdef int64_t width

    cdef int keep(self, inputs, output, Function function) except -1:
        alike(inputs, output, ("f64",))
        self.function, self.width = function, output.columns
        return 0

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const double* x = <double*>inputs[0].values
        cdef double* y = <double*>output.values
        cdef int64_t i
        for i in range(frame.rows * self.width):
            y[i] = self.function(x[i])
        return OK


cdef class NormalQuantile(_Normal):
    """The inverse of the normal distribution function (``scipy.stats.norm.ppf``).

    Args:
        inputs: dense f64.
        output: the same; infinite at 0 and 1, NaN outside.

    Raises:
        ValueError: the types do not fit.
    """

    def __init__(self, inputs, output):
        self.keep(inputs, output, quantile)


cdef double quantile(double p) noexcept nogil:
    if p == 0:
        return -INFINITY
    if p == 1:
        return INFINITY
    if not 0 < p < 1:
        return NAN
    return lower_quantile(p) if p <= 0.5 else -lower_quantile(1 - p)


cdef inline double lower_quantile(double p) noexcept nogil:
    """Find x <= 0 such that its lower tail is p: a rational first guess, then Halley's steps."""
    cdef double t = sqrt(-2 * log(p)), x, error
    cdef int step
    if p == 0.5:
        return 0
    x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for step in range(3):
        error = excess(x, p) * ROOT_2_PI * exp(0.5 * x * x)
        x -= error / (1 + 0.5 * x * error)
    return x


cdef inline double excess(double x, double p) noexcept nogil:
    """Return the lower tail of x minus p, from the function that is small where the result is."""
    return 0.5 * erfc(-x / ROOT_2) - p if p < 0.25 else 0.5 * erf(x / ROOT_2) - (p - 0.5)


cdef class NormalProbability(_Normal):
    """The normal distribution function (``scipy.stats.norm.cdf``).

    Args:
        inputs: dense f64.
        output: the same.

    Raises:
        ValueError: the types do not fit.
    """

    def __init__(self, inputs, output):
        self.keep(inputs, output, probability)


cdef double probability(double x) noexcept nogil:
    return 0.5 * erfc(-x / ROOT_2)
