# Bit vectors of forests, as bits.h declares them.
from libc.stdint cimport int8_t, int64_t, uint8_t, uint32_t

cdef extern from "trees/bits.h" nogil:
    enum:
        BITS_LANES
        BITS_ROWS
        BITS_TABLE
        BITS_ROUND
        CPU_SCALAR
    ctypedef struct bits_column:
        pass
    ctypedef struct bits_sets:
        pass
    ctypedef struct bits_forest:
        const uint8_t* rounds
        const uint32_t* starts
        const uint8_t* counts
        int64_t bytes
        int64_t kinds
    ctypedef struct Bits:
        void (*rank_f32)(
            const bits_column* columns, int64_t count, const float* cuts, const char* x, int64_t pitch, int64_t rows,
            int8_t* ranks, int64_t stride
        ) noexcept nogil
        void (*rank_f64)(
            const bits_column* columns, int64_t count, const double* cuts, const char* x, int64_t pitch, int64_t rows,
            int8_t* ranks, int64_t stride
        ) noexcept nogil
        void (*rank_one_f32)(
            const bits_column* columns, int64_t count, const float* cuts, const char* x, int8_t* ranks
        ) noexcept nogil
        void (*rank_one_f64)(
            const bits_column* columns, int64_t count, const double* cuts, const char* x, int8_t* ranks
        ) noexcept nogil
        void (*mark_f32)(
            const bits_sets* sets, int64_t count, const uint8_t* marks, const char* x, int64_t pitch, int64_t rows,
            int8_t* ranks, int64_t stride
        ) noexcept nogil
        void (*mark_f64)(
            const bits_sets* sets, int64_t count, const uint8_t* marks, const char* x, int64_t pitch, int64_t rows,
            int8_t* ranks, int64_t stride
        ) noexcept nogil
        void (*find)(
            const bits_forest* forest, int64_t begin, int64_t end, const int8_t* ranks, int64_t stride, int64_t rows,
            uint8_t* reached
        ) noexcept nogil
        void (*find_one)(
            const bits_forest* forest, int64_t begin, int64_t end, const int8_t* ranks, int64_t count, uint8_t* reached
        ) noexcept nogil
        void (*add_f32)(
            const float* leaves, const uint32_t* first, int64_t trees, const uint8_t* reached, int64_t stride,
            int64_t rows, float* sums
        ) noexcept nogil
        void (*add_f64)(
            const double* leaves, const uint32_t* first, int64_t trees, const uint8_t* reached, int64_t stride,
            int64_t rows, double* sums
        ) noexcept nogil
    const Bits* bits_for(int level)
