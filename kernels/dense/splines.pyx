"""B-spline bases of columns."""

from libc.math cimport fmod, isnan
from libc.stdint cimport int64_t
from libc.string cimport memset

import numpy as np

from pretzel.kernels.checks import FLOATS, address, matrix, typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real


cdef class Spline(Kernel):
    """The B-spline basis of each column, its nonzero splines by recursion over the degree (SciPy's ``BSpline``).

    Args:
        inputs: dense f32 or f64, computed in float64.
        output: ``m - degree - 1`` columns of that type for each of x, ``degree`` fewer where periodic.
        knots: ``f64[width, m]``, ascending along each row, finite; m is ``2 * degree + 2`` or more.
        degree: 0..65535.
        values: ``f64[width, 2 * (m - degree - 1)]``: the splines at the low end, then at the high end; or None.
        slopes: the same for the slopes with which they are extrapolated.
        periodic: move x into the range by whole periods.

    Raises:
        ValueError: types or shapes do not fit, or only one of values and slopes is passed.
    """

    cdef object arrays
    cdef const double* knots
    cdef const double* values
    cdef const double* slopes
    cdef int64_t width, degree, knot_count, count, per_column
    cdef bint single, periodic

    def __init__(self, inputs, output, *, knots, degree, values=None, slopes=None, periodic=False):
        typed("x", inputs[0], FLOATS)
        self.width, self.degree, self.periodic = inputs[0].columns, degree, periodic
        if not 0 <= degree < 2**16 or knots.ndim != 2 or knots.shape[1] < 2 * degree + 2:
            raise ValueError(f"knots: expected {2 * degree + 2} a column or more, got shape {knots.shape}")
        if (values is None) != (slopes is None) or (periodic and values is not None):
            raise ValueError("values, slopes: expected both, and not where the splines are periodic")
        self.knot_count, self.count = knots.shape[1], knots.shape[1] - degree - 1
        self.per_column = self.count - degree if periodic else self.count
        typed("result", output, (inputs[0].dtype,), self.width * self.per_column)
        self.single = output.dtype == "f32"
        ends = [] if values is None else [values, slopes]
        self.arrays = [matrix("knots", knots, "f64", (self.width, self.knot_count))]
        self.arrays += [matrix("values, slopes", end, "f64", (self.width, 2 * self.count)) for end in ends]
        self.knots = <const double*><size_t>address(self.arrays[0])
        self.values = <const double*><size_t>address(self.arrays[1]) if ends else NULL
        self.slopes = <const double*><size_t>address(self.arrays[2]) if ends else NULL

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t row, i, at = 0
        if reserve(&frame.scratch, 2 * (self.degree + 1) * sizeof(double)):
            return OUT_OF_MEMORY
        for row in range(frame.rows):
            for i in range(self.width):
                if self.single:
                    self.column(i, (<float*>inputs[0].values)[at], <float*>output.values + at * self.per_column, frame)
                else:
                    self.column(
                        i, (<double*>inputs[0].values)[at], <double*>output.values + at * self.per_column, frame
                    )
                at += 1
        return OK

    cdef inline void column(self, int64_t i, double x, real* y, Frame* frame) noexcept nogil:
        """Write the splines of column i at x."""
        cdef const double* t = self.knots + i * self.knot_count
        cdef double low = t[self.degree], high = t[self.count]
        cdef double* splines = <double*>frame.scratch.at
        cdef int64_t first, j
        memset(y, 0, self.per_column * sizeof(real))
        if isnan(x):
            return
        if self.periodic:
            x = low + remainder(x - low, high - low) if high > low else 0
        if self.values != NULL and not low <= x <= high:
            self.beyond(i, x - (high if x > high else low), x > high, y)
            return
        first = interval(t, x, self.degree, self.count)
        recursion(t + first, x, self.degree, splines, splines + self.degree + 1)
        for j in range(self.per_column, self.degree + 1):
            splines[j % self.per_column] += splines[j]  # more splines overlap than columns exist: the periods wrap
        for j in range(min(self.per_column, self.degree + 1)):
            y[(first - self.degree + j) % self.per_column] = <real>(0.0 + splines[j])  # a sum, whose zeros are positive

    cdef inline void beyond(self, int64_t i, double distance, bint above, real* y) noexcept nogil:
        """Extrapolate from the low or the high end."""
        cdef int64_t at = (2 * i + above) * self.count, j
        for j in range(self.count):
            y[j] = <real>(self.values[at + j] + (distance * self.slopes[at + j] if self.slopes[at + j] != 0 else 0))


cdef inline double remainder(double x, double period) noexcept nogil:
    """``x % period`` as in Python: with the sign of the period."""
    cdef double left = fmod(x, period)
    return left + period if left < 0 else left


cdef inline int64_t interval(const double* t, double x, int64_t degree, int64_t count) noexcept nogil:
    """Return the last knot of degree .. count - 1 that is at most x, or the first of them."""
    cdef int64_t low = degree, high = count - 1, middle
    while low < high:
        middle = (low + high + 1) >> 1
        if t[middle] <= x:
            low = middle
        else:
            high = middle - 1
    return low


cdef inline void recursion(const double* t, double x, int64_t degree, double* splines, double* below) noexcept nogil:
    """Write the degree + 1 splines that are nonzero between t[0] and t[1] (Cox and de Boor)."""
    cdef int64_t d, j
    cdef double share
    splines[0] = 1
    for d in range(1, degree + 1):
        for j in range(d):
            below[j] = splines[j]
            splines[j] = 0
        splines[d] = 0
        for j in range(1, d + 1):
            if t[j] == t[j - d]:
                continue
            share = below[j - 1] / (t[j] - t[j - d])
            splines[j - 1] += share * (t[j] - x)
            splines[j] = share * (x - t[j - d])
