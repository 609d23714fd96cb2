# Dense rows times weights, as products_body.h computes them; each form by [x is float32][weights and sums are float32].
from libc.stdint cimport int64_t

cdef extern from "dense/products.h" nogil:
    ctypedef void (*Product "product *")(
        const void* x, const void* w, const void* bias, void* y, int64_t rows, int64_t width, int64_t k
    ) noexcept nogil
    ctypedef struct Products:
        Product dots[2][2]
        Product tiles[2][2]
    const Products* products_for(int level)
