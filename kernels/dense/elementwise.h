/* Functions of single numbers, over runs of them.  Each step is rounded to the type of the values, as NumPy does. */
#ifndef PRETZEL_ELEMENTWISE_H
#define PRETZEL_ELEMENTWISE_H
#include <math.h>
#include <stdint.h>

/* In the order of FUNCTIONS in pretzel/plan/ops/dense.py. */
enum pretzel_function {
    FUNCTION_EXP, FUNCTION_LOG, FUNCTION_LOG1P, FUNCTION_EXPM1, FUNCTION_SQRT, FUNCTION_SQUARE, FUNCTION_ABS,
    FUNCTION_NEGATIVE, FUNCTION_RECIPROCAL, FUNCTION_TANH, FUNCTION_RELU, FUNCTION_ONE_PLUS_LOG, FUNCTION_SIN, FUNCTION_COS,
    FUNCTION_ERF
};

#define PRETZEL_EACH(EXPRESSION)                                                                              \
    for (int64_t i = 0; i < n; i++) { const real v = x[i]; y[i] = (real)(EXPRESSION); }                       \
    break;
/* EXP is the C library's of the type: boosted trees take it in float32, and a sigmoid near 1 shows its last bit. */
#define PRETZEL_APPLY(NAME, TYPE, EXP)                                                                        \
    static void NAME(int function, const TYPE* x, TYPE* y, int64_t n) {                                       \
        typedef TYPE real;                                                                                    \
        switch (function) {                                                                                   \
        case FUNCTION_EXP: PRETZEL_EACH(EXP(v))                                                               \
        case FUNCTION_LOG: PRETZEL_EACH(log(v))                                                               \
        case FUNCTION_LOG1P: PRETZEL_EACH(log1p(v))                                                           \
        case FUNCTION_EXPM1: PRETZEL_EACH(expm1(v))                                                           \
        case FUNCTION_SQRT: PRETZEL_EACH(sqrt(v))                                                             \
        case FUNCTION_SQUARE: PRETZEL_EACH(v * v)                                                             \
        case FUNCTION_ABS: PRETZEL_EACH(fabs(v))                                                              \
        case FUNCTION_NEGATIVE: PRETZEL_EACH(-v)                                                              \
        case FUNCTION_RECIPROCAL: PRETZEL_EACH((real)1 / v)                                                   \
        case FUNCTION_TANH: PRETZEL_EACH(tanh(v))                                                             \
        case FUNCTION_RELU: PRETZEL_EACH(v < 0 ? (real)0 : v)                                                 \
        case FUNCTION_ONE_PLUS_LOG: PRETZEL_EACH((real)log(v) + (real)1)                                      \
        case FUNCTION_SIN: PRETZEL_EACH(sin(v))                                                               \
        case FUNCTION_COS: PRETZEL_EACH(cos(v))                                                               \
        case FUNCTION_ERF: PRETZEL_EACH(erf(v))                                                               \
        }                                                                                                     \
    }

PRETZEL_APPLY(pretzel_apply_f32, float, expf)
PRETZEL_APPLY(pretzel_apply_f64, double, exp)

#endif
