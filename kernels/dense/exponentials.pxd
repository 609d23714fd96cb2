# exp, tanh and the logistic function, as exponentials_body.h computes them.
from libc.stdint cimport int64_t

cdef extern from "dense/exponentials.h" nogil:
    ctypedef struct Exponentials:
        void (*exp_f64)(const double* x, double* y, int64_t n) noexcept nogil
        void (*tanh_f32)(const float* x, float* y, int64_t n) noexcept nogil
        void (*tanh_f64)(const double* x, double* y, int64_t n) noexcept nogil
        void (*logistic_f32)(const float* x, float* y, int64_t n) noexcept nogil
        void (*logistic_f64)(const double* x, double* y, int64_t n) noexcept nogil
    const Exponentials* exponentials_for(int level)
