/* Functions of two numbers, over rows; a step of 0 repeats the one column of a row. */
#ifndef PRETZEL_BINARY_H
#define PRETZEL_BINARY_H
#include <math.h>
#include <stdint.h>

/* The order of ARITHMETIC and COMPARISONS in pretzel/plan/ops/binary.py. */
enum pretzel_arithmetic { PAIR_ADD, PAIR_SUBTRACT, PAIR_MULTIPLY, PAIR_DIVIDE, PAIR_POWER, PAIR_MINIMUM, PAIR_MAXIMUM };
enum pretzel_comparison { PAIR_LESS, PAIR_LESS_EQUAL, PAIR_EQUAL };

/* Integers wrap; unsigned arithmetic does so without undefined behaviour. */
static inline int64_t pretzel_wrap_add(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
static inline int64_t pretzel_wrap_subtract(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
static inline int64_t pretzel_wrap_multiply(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }
static inline int64_t pretzel_whole_divide(int64_t a, int64_t b) {
    return b == 0 ? 0 : b == -1 ? pretzel_wrap_subtract(0, a) : a / b;
}
static inline int64_t pretzel_whole_power(int64_t a, int64_t b) {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
    uint64_t base = (uint64_t)a, y = 1;
    for (; b; b >>= 1, base *= base)
        if (b & 1) y *= base;
    return (int64_t)y;
}

#define pretzel_never_nan(A) 0
#define PRETZEL_PAIRS(RESULT)                                                                                          \
    for (int64_t row = 0; row < rows; row++, x += x_width, y += y_width, z += width)                                   \
        for (int64_t i = 0; i < width; i++) {                                                                          \
            const real a = x[i * x_step], b = y[i * y_step];                                                           \
            z[i] = (RESULT);                                                                                           \
        }                                                                                                              \
    break;
#define PRETZEL_WIDTHS                                                                                                 \
    const int64_t x_width = x_step ? width : 1, y_width = y_step ? width : 1;
#define PRETZEL_ARITHMETIC(NAME, TYPE, ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, IS_NAN)                                 \
    static void NAME(int function, const TYPE* x, const TYPE* y, TYPE* z, int64_t rows, int64_t width,                 \
                     int64_t x_step, int64_t y_step) {                                                                 \
        typedef TYPE real;                                                                                             \
        PRETZEL_WIDTHS                                                                                                 \
        switch (function) {                                                                                            \
        case PAIR_ADD: PRETZEL_PAIRS(ADD)                                                                              \
        case PAIR_SUBTRACT: PRETZEL_PAIRS(SUBTRACT)                                                                    \
        case PAIR_MULTIPLY: PRETZEL_PAIRS(MULTIPLY)                                                                    \
        case PAIR_DIVIDE: PRETZEL_PAIRS(DIVIDE)                                                                        \
        case PAIR_POWER: PRETZEL_PAIRS(POWER)                                                                          \
        case PAIR_MINIMUM: PRETZEL_PAIRS(IS_NAN(a) || a < b ? a : b)                                                   \
        case PAIR_MAXIMUM: PRETZEL_PAIRS(IS_NAN(a) || a > b ? a : b)                                                   \
        }                                                                                                              \
    }
#define PRETZEL_COMPARE(NAME, TYPE)                                                                                    \
    static void NAME(int function, const TYPE* x, const TYPE* y, uint8_t* z, int64_t rows, int64_t width,              \
                     int64_t x_step, int64_t y_step) {                                                                 \
        typedef TYPE real;                                                                                             \
        PRETZEL_WIDTHS                                                                                                 \
        switch (function) {                                                                                            \
        case PAIR_LESS: PRETZEL_PAIRS(a < b)                                                                           \
        case PAIR_LESS_EQUAL: PRETZEL_PAIRS(a <= b)                                                                    \
        case PAIR_EQUAL: PRETZEL_PAIRS(a == b)                                                                         \
        }                                                                                                              \
    }

PRETZEL_ARITHMETIC(pretzel_pairs_f32, float, a + b, a - b, a * b, a / b, (float)pow(a, b), isnan)
PRETZEL_ARITHMETIC(pretzel_pairs_f64, double, a + b, a - b, a * b, a / b, pow(a, b), isnan)
PRETZEL_ARITHMETIC(pretzel_pairs_i64, int64_t, pretzel_wrap_add(a, b), pretzel_wrap_subtract(a, b),
                   pretzel_wrap_multiply(a, b), pretzel_whole_divide(a, b), pretzel_whole_power(a, b),
                   pretzel_never_nan)
PRETZEL_COMPARE(pretzel_compare_f32, float)
PRETZEL_COMPARE(pretzel_compare_f64, double)
PRETZEL_COMPARE(pretzel_compare_i64, int64_t)
PRETZEL_COMPARE(pretzel_compare_bool, uint8_t)

#endif
