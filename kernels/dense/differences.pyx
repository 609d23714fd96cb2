"""Distances of dense rows to centers, summed column by column."""

from libc.stdint cimport int64_t

from pretzel.kernels.checks import FLOATS, address, matrix, padded, typed
from pretzel.kernels.cpu cimport level
from pretzel.kernels.frame cimport OK, Frame, Slot
from pretzel.kernels.kernel cimport Kernel

cdef extern from "dense/differences.h" nogil:
    ctypedef void (*Difference "difference *")(
        int metric, const void* x, const double* centers, double p, void* y, int64_t rows, int64_t width, int64_t k
    ) noexcept nogil
    ctypedef struct Functions "Differences":
        Difference rows[2][2]  # by [x is float32][y is float32]
    const Functions* differences_for(int level)

cdef const Functions* differences = differences_for(level)

METRICS = [
    "manhattan", "chebyshev", "squares", "powers", "canberra", "braycurtis", "hamming", "chi2", "nan_euclidean",
]


cdef class Differences(Kernel):
    """Each distance in float64 in the order of the columns, rounded to the type of the result.

    Args:
        inputs: one dense x of float32 or float64.
        output: k columns, one per center; float32 only where x is.
        centers: ``[padded(k) / 8, width * 8]``, interleaved in groups of eight; those beyond k are ignored.
        metric: one of METRICS.
        p: the exponent of ``powers``.

    Raises:
        ValueError: types, shape or metric do not fit.
    """

    cdef object array
    cdef const double* centers
    cdef int64_t width, k
    cdef int metric
    cdef double p
    cdef Difference differ

    def __init__(self, inputs, output, *, centers, metric, p):
        typed("x", inputs[0], FLOATS)
        typed("result", output, FLOATS if inputs[0].dtype == "f32" else ("f64",))
        self.width, self.k = inputs[0].columns, output.columns
        self.differ = differences.rows[inputs[0].dtype == "f32"][output.dtype == "f32"]
        self.metric, self.p = METRICS.index(metric), p
        self.array = matrix("centers", centers, "f64", (padded(self.k) // 8, self.width * 8))
        self.centers = <const double*><size_t>address(self.array)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        self.differ(
            self.metric, inputs[0].values, self.centers, self.p, output.values, frame.rows, self.width, self.k
        )
        return OK
