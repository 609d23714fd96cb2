"""The smallest values of a row."""

from libc.math cimport INFINITY, nextafterf
from libc.stdint cimport int64_t

from pretzel.kernels.checks import FLOATS, typed
from pretzel.kernels.cpu cimport level
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.neighbors.heap cimport empty, push, push_first, sort
from pretzel.kernels.types cimport real

cdef extern from "neighbors/nearest.h" nogil:
    enum:
        NEAREST_RUN
    ctypedef struct NearestRuns:
        int64_t (*f32)(const float* x, int64_t i, int64_t count, float top, float limit, int64_t* beyond) noexcept nogil
        int64_t (*f64)(
            const double* x, int64_t i, int64_t count, double top, double limit, int64_t* beyond
        ) noexcept nogil
    const NearestRuns* nearest_runs_for(int level)

cdef const NearestRuns* runs = nearest_runs_for(level)


cdef class Nearest(Kernel):
    """The positions of each row's smallest values, ascending; ties go to the first, and NaN comes last.

    Args:
        inputs: one dense x of floats, of at least ``count`` columns.
        output: ``i64[count]``.
        count: the number of positions.
        limit: values above it never enter the heap, and their position is -1.
        first: of equal values take those at the lowest positions, not those that scikit-learn's heap leaves.

    Raises:
        ValueError: types or count do not fit.
    """

    cdef int64_t width, count
    cdef double limit
    cdef bint single, first

    def __init__(self, inputs, output, *, count, limit, first=False):
        typed("x", inputs[0], FLOATS)
        typed("result", output, ("i64",), count)
        self.width, self.count, self.limit = inputs[0].columns, count, limit
        self.single, self.first = inputs[0].dtype == "f32", first
        if not 1 <= self.count <= self.width:
            raise ValueError(f"count: expected 1..{self.width}, got {count}")

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t* y = <int64_t*>output.values
        cdef int64_t row, at
        cdef double* values
        if reserve(&frame.scratch, self.count * sizeof(double)) != OK:
            return OUT_OF_MEMORY
        values = <double*>frame.scratch.at
        for row in range(frame.rows):
            at = row * self.width
            if self.single:
                select(<float*>inputs[0].values + at, values, y, self.width, self.count, self.limit, self.first)
            else:
                select(<double*>inputs[0].values + at, values, y, self.width, self.count, self.limit, self.first)
            forget(values, y, self.count, self.limit)
            y += self.count
        return OK


cdef inline void select(
    const real* x, double* values, int64_t* positions, int64_t width, int64_t count, double limit, bint lowest
) noexcept nogil:
    """Push the values of a row through the heap, except those beyond the limit, and sort what it holds.

    Most values are above the heap's top, and are skipped a run at a time.
    """
    cdef int64_t first = 0, i, beyond = 0
    empty(values, positions, count, -1)
    while first < width:
        first = passed(x, first, width, values[0], limit, &beyond)
        for i in range(first, min(first + NEAREST_RUN, width)):
            if x[i] > limit:
                beyond += 1
            elif not x[i] < values[0]:
                continue
            elif lowest:
                push_first(values, positions, count, x[i], i)
            else:
                push(values, positions, count, x[i], i)
        first += NEAREST_RUN
    sort(values, positions, count)
    if positions[count - 1] < 0:
        fill(x, values, positions, width, count, beyond)


cdef inline int64_t passed(
    const real* x, int64_t first, int64_t width, double top, double limit, int64_t* beyond
) noexcept nogil:
    """Return the start of the first run that has a value below the top."""
    cdef int64_t run
    if real is float:
        run = runs.f32(x, first, width, <float>top, not_above(limit), beyond)
    else:
        run = runs.f64(x, first, width, top, limit, beyond)
    return run


cdef inline float not_above(double limit) noexcept nogil:
    """Return the largest float that is not above the limit; comparisons with either agree."""
    cdef float near = <float>limit
    return nextafterf(near, -INFINITY) if near > limit else near


cdef inline void fill(
    const real* x, double* values, int64_t* positions, int64_t width, int64_t count, int64_t beyond
) noexcept nogil:
    """With too few numbers, leave places for those beyond the limit; take infinities, then NaN, in their order."""
    cdef int64_t i, used = 0
    cdef bint nan
    while used < count and positions[used] >= 0:
        used += 1
    used = min(used + beyond, count)
    for nan in range(beyond > 0, 2):
        for i in range(width):
            if used < count and (x[i] != x[i] if nan else x[i] == INFINITY):
                values[used], positions[used] = x[i], i
                used += 1


cdef inline void forget(const double* values, int64_t* positions, int64_t count, double limit) noexcept nogil:
    cdef int64_t i
    for i in range(count):
        if values[i] > limit:
            positions[i] = -1
