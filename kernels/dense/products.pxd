# Dense rows times weights, as products_body.h computes them.
from libc.stdint cimport int64_t

cdef extern from "dense/products.h" nogil:
    ctypedef struct Products:
        void (*dots_f32)(
            const float* x, const float* w, const float* bias, float* y, int64_t rows, int64_t width, int64_t k
        ) noexcept nogil
        void (*dots_f64)(
            const double* x, const double* w, const double* bias, double* y, int64_t rows, int64_t width, int64_t k
        ) noexcept nogil
        void (*dots_f32_f64)(
            const float* x, const double* w, const double* bias, double* y, int64_t rows, int64_t width, int64_t k
        ) noexcept nogil
        void (*tiles_f32)(
            const float* x, const float* w, const float* bias, float* y, int64_t rows, int64_t width, int64_t k
        ) noexcept nogil
        void (*tiles_f64)(
            const double* x, const double* w, const double* bias, double* y, int64_t rows, int64_t width, int64_t k
        ) noexcept nogil
        void (*tiles_f32_f64)(
            const float* x, const double* w, const double* bias, double* y, int64_t rows, int64_t width, int64_t k
        ) noexcept nogil
    const Products* products_for(int level)
