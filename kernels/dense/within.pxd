# The search for numbers outside bounds, as within_body.h does it.
from libc.stdint cimport int64_t

cdef extern from "dense/within.h" nogil:
    enum:
        RUN
    ctypedef struct Within:
        int64_t (*f32)(const float* x, int64_t n, float limit) noexcept nogil
        int64_t (*f64)(const double* x, int64_t n, double limit) noexcept nogil
    const Within* within_for(int level)
