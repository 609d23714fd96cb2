/* Functions of two numbers, over rows; a step of 0 repeats the one column of a row. */
#ifndef PRETZEL_BINARY_H
#define PRETZEL_BINARY_H
#include <math.h>
#include <stdint.h>

/* The order of ARITHMETIC and COMPARISONS in pretzel/plan/ops/binary.py. */
enum pretzel_arithmetic {
    PAIR_ADD,
    PAIR_SUBTRACT,
    PAIR_MULTIPLY,
    PAIR_DIVIDE,
    PAIR_POWER,
    PAIR_MINIMUM,
    PAIR_MAXIMUM,
    PAIR_FLOOR_DIVIDE,
    PAIR_REMAINDER,
    PAIR_ARCTAN2,
    PAIR_HYPOT
};
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

/* The sign of a remainder is that of the divisor, as in Python. */
static inline int64_t pretzel_whole_remainder(int64_t a, int64_t b) {
    if (b == 0 || b == -1) return 0;
    const int64_t rest = a % b;
    return rest && (rest < 0) != (b < 0) ? rest + b : rest;
}
static inline int64_t pretzel_whole_floor(int64_t a, int64_t b) {
    if (b == 0 || b == -1) return pretzel_whole_divide(a, b);
    return a / b - (a % b && (a < 0) != (b < 0));
}
/* NumPy's order of rounding: the quotient is that of the exact multiple, moved to the nearest whole number. */
#define PRETZEL_FLOOR_DIVISION(TYPE, SUFFIX, FMOD, FLOOR, COPYSIGN)                                                    \
    static inline TYPE pretzel_remainder_##SUFFIX(TYPE a, TYPE b) {                                                    \
        const TYPE rest = FMOD(a, b);                                                                                  \
        if (b == 0) return rest;                                                                                       \
        if (rest == 0) return COPYSIGN(0, b);                                                                          \
        return (b < 0) != (rest < 0) ? rest + b : rest;                                                                \
    }                                                                                                                  \
    static inline TYPE pretzel_floor_divide_##SUFFIX(TYPE a, TYPE b) {                                                 \
        if (b == 0) return a / b;                                                                                      \
        const TYPE rest = FMOD(a, b);                                                                                  \
        TYPE quotient = (a - rest) / b;                                                                                \
        if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;                                                         \
        if (quotient == 0) return COPYSIGN(0, a / b);                                                                  \
        const TYPE whole = FLOOR(quotient);                                                                            \
        return quotient - whole > (TYPE)0.5 ? whole + 1 : whole;                                                       \
    }
PRETZEL_FLOOR_DIVISION(float, f32, fmodf, floorf, copysignf)
PRETZEL_FLOOR_DIVISION(double, f64, fmod, floor, copysign)

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
#define PRETZEL_ARITHMETIC(NAME, TYPE, ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, IS_NAN,                                 \
                           FLOOR, REMAINDER, ARCTAN2, HYPOT)                                                           \
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
        case PAIR_FLOOR_DIVIDE: PRETZEL_PAIRS(FLOOR)                                                                   \
        case PAIR_REMAINDER: PRETZEL_PAIRS(REMAINDER)                                                                  \
        case PAIR_ARCTAN2: PRETZEL_PAIRS(ARCTAN2)                                                                      \
        case PAIR_HYPOT: PRETZEL_PAIRS(HYPOT)                                                                          \
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

PRETZEL_ARITHMETIC(pretzel_pairs_f32, float, a + b, a - b, a * b, a / b, (float)pow(a, b), isnan,
                   pretzel_floor_divide_f32(a, b), pretzel_remainder_f32(a, b), atan2f(a, b), hypotf(a, b))
PRETZEL_ARITHMETIC(pretzel_pairs_f64, double, a + b, a - b, a * b, a / b, pow(a, b), isnan,
                   pretzel_floor_divide_f64(a, b), pretzel_remainder_f64(a, b), atan2(a, b), hypot(a, b))
PRETZEL_ARITHMETIC(pretzel_pairs_i64, int64_t, pretzel_wrap_add(a, b), pretzel_wrap_subtract(a, b),
                   pretzel_wrap_multiply(a, b), pretzel_whole_divide(a, b), pretzel_whole_power(a, b),
                   pretzel_never_nan, pretzel_whole_floor(a, b), pretzel_whole_remainder(a, b), a & b & 0, a & b & 0)
PRETZEL_COMPARE(pretzel_compare_f32, float)
PRETZEL_COMPARE(pretzel_compare_f64, double)
PRETZEL_COMPARE(pretzel_compare_i64, int64_t)
PRETZEL_COMPARE(pretzel_compare_bool, uint8_t)

#endif
