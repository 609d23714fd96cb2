/* Casts between number types as C converts them; a table with one function for each pair of types.
 *
 * `from` holds rows * columns values, packed; the rows of `to` are `stride` values long, so that a part can be written
 * into its place of a wider matrix. */
#ifndef PRETZEL_CAST_H
#define PRETZEL_CAST_H
#include <stdint.h>

#define PRETZEL_UNUSED __attribute__((unused))
typedef void (*pretzel_cast)(const void* from, void* to, int64_t rows, int64_t columns, int64_t stride);

#define PRETZEL_CAST(S, D, NAME, EXPRESSION)                                                                           \
    static void NAME(const void* from, void* to, int64_t rows, int64_t columns, int64_t stride) {                      \
        const S* s = (const S*)from;                                                                                   \
        for (int64_t row = 0; row < rows; row++) {                                                                     \
            D* d = (D*)to + row * stride;                                                                              \
            for (int64_t i = 0; i < columns; i++, s++) d[i] = (EXPRESSION);                                            \
        }                                                                                                              \
    }
#define PRETZEL_CASTS_FROM(S)                                                                                          \
    PRETZEL_CAST(S, uint8_t, cast_##S##_bool, *s != 0)                                                                 \
    PRETZEL_CAST(S, int8_t, cast_##S##_int8_t, (int8_t)*s)                                                             \
    PRETZEL_CAST(S, int16_t, cast_##S##_int16_t, (int16_t)*s)                                                          \
    PRETZEL_CAST(S, int32_t, cast_##S##_int32_t, (int32_t)*s)                                                          \
    PRETZEL_CAST(S, int64_t, cast_##S##_int64_t, (int64_t)*s)                                                          \
    PRETZEL_CAST(S, uint8_t, cast_##S##_uint8_t, (uint8_t)*s)                                                          \
    PRETZEL_CAST(S, uint16_t, cast_##S##_uint16_t, (uint16_t)*s)                                                       \
    PRETZEL_CAST(S, uint32_t, cast_##S##_uint32_t, (uint32_t)*s)                                                       \
    PRETZEL_CAST(S, uint64_t, cast_##S##_uint64_t, (uint64_t)*s)                                                       \
    PRETZEL_CAST(S, float, cast_##S##_float, (float)*s)                                                                \
    PRETZEL_CAST(S, double, cast_##S##_double, (double)*s)
#define PRETZEL_ROW(S)                                                                                                 \
    {cast_##S##_bool,    cast_##S##_int8_t,   cast_##S##_int16_t,  cast_##S##_int32_t,                                 \
     cast_##S##_int64_t, cast_##S##_uint8_t,  cast_##S##_uint16_t, cast_##S##_uint32_t,                                \
     cast_##S##_uint64_t, cast_##S##_float,   cast_##S##_double}

PRETZEL_CASTS_FROM(int8_t)
PRETZEL_CASTS_FROM(int16_t)
PRETZEL_CASTS_FROM(int32_t)
PRETZEL_CASTS_FROM(int64_t)
PRETZEL_CASTS_FROM(uint8_t)
PRETZEL_CASTS_FROM(uint16_t)
PRETZEL_CASTS_FROM(uint32_t)
PRETZEL_CASTS_FROM(uint64_t)
PRETZEL_CASTS_FROM(float)
PRETZEL_CASTS_FROM(double)

/* Rows and columns in the order of CAST_ORDER in casts.py.  A bool is a byte of 0 or 1, so it is read as uint8_t. */
static const pretzel_cast pretzel_casts[11][11] = {
    PRETZEL_ROW(uint8_t), PRETZEL_ROW(int8_t),  PRETZEL_ROW(int16_t),  PRETZEL_ROW(int32_t),
    PRETZEL_ROW(int64_t), PRETZEL_ROW(uint8_t), PRETZEL_ROW(uint16_t), PRETZEL_ROW(uint32_t),
    PRETZEL_ROW(uint64_t), PRETZEL_ROW(float),  PRETZEL_ROW(double),
};

/* A text is two words and is copied as it is. */
typedef struct { uint64_t words[2]; } pretzel_pair;
PRETZEL_UNUSED PRETZEL_CAST(pretzel_pair, pretzel_pair, pretzel_copy_pairs, *s)

#endif
