/* Elementwise functions over runs of numbers.  Each step is rounded to the type of the values, as NumPy does. */
#ifndef PRETZEL_ELEMENTWISE_H
#define PRETZEL_ELEMENTWISE_H
#include <math.h>
#include <stdint.h>

/* The order of FUNCTIONS in pretzel/plan/ops/dense.py. */
enum pretzel_function {
    FUNCTION_EXP, FUNCTION_LOG, FUNCTION_LOG1P, FUNCTION_EXPM1, FUNCTION_SQRT, FUNCTION_SQUARE, FUNCTION_ABS,
    FUNCTION_NEGATIVE, FUNCTION_RECIPROCAL, FUNCTION_TANH, FUNCTION_RELU, FUNCTION_ONE_PLUS_LOG, FUNCTION_SIN,
    FUNCTION_COS, FUNCTION_ERF, FUNCTION_LOG2, FUNCTION_LOG10, FUNCTION_EXP2, FUNCTION_TAN, FUNCTION_ARCSIN,
    FUNCTION_ARCCOS, FUNCTION_ARCTAN, FUNCTION_SINH, FUNCTION_COSH, FUNCTION_ARCSINH, FUNCTION_ARCCOSH,
    FUNCTION_ARCTANH, FUNCTION_SIGN, FUNCTION_FLOOR, FUNCTION_CEIL, FUNCTION_TRUNC, FUNCTION_RINT, FUNCTION_CBRT,
    FUNCTION_EXPIT, FUNCTION_LOGIT
};

/* The order of TESTS in pretzel/plan/ops/dense.py. */
enum pretzel_test { TEST_ISNAN, TEST_ISINF, TEST_ISFINITE, TEST_SIGNBIT };

/* scipy.special.logit: near 1/2, where x/(1-x) is near 1 and its logarithm near 0, it uses log1p. */
static inline double pretzel_logit(double x) {
    if (x < 0.3 || x > 0.65) return log(x / (1 - x));
    const double s = 2 * (x - 0.5);
    return log1p(s) - log1p(-s);
}

#define PRETZEL_EACH(EXPRESSION)                                                                                       \
    for (int64_t i = 0; i < n; i++) { const real v = x[i]; y[i] = (real)(EXPRESSION); }                                \
    break;
/* EXP is the C library's for the type: boosted trees use it in float32, and a sigmoid near 1 shows its last bit. */
#define PRETZEL_APPLY(NAME, TYPE, EXP)                                                                                 \
    static void NAME(int function, const TYPE* x, TYPE* y, int64_t n) {                                                \
        typedef TYPE real;                                                                                             \
        switch (function) {                                                                                            \
        case FUNCTION_EXP: PRETZEL_EACH(EXP(v))                                                                        \
        case FUNCTION_LOG: PRETZEL_EACH(log(v))                                                                        \
        case FUNCTION_LOG1P: PRETZEL_EACH(log1p(v))                                                                    \
        case FUNCTION_EXPM1: PRETZEL_EACH(expm1(v))                                                                    \
        case FUNCTION_SQRT: PRETZEL_EACH(sqrt(v))                                                                      \
        case FUNCTION_SQUARE: PRETZEL_EACH(v * v)                                                                      \
        case FUNCTION_ABS: PRETZEL_EACH(fabs(v))                                                                       \
        case FUNCTION_NEGATIVE: PRETZEL_EACH(-v)                                                                       \
        case FUNCTION_RECIPROCAL: PRETZEL_EACH((real)1 / v)                                                            \
        case FUNCTION_TANH: PRETZEL_EACH(tanh(v))                                                                      \
        case FUNCTION_RELU: PRETZEL_EACH(v < 0 ? (real)0 : v)                                                          \
        case FUNCTION_ONE_PLUS_LOG: PRETZEL_EACH((real)log(v) + (real)1)                                               \
        case FUNCTION_SIN: PRETZEL_EACH(sin(v))                                                                        \
        case FUNCTION_COS: PRETZEL_EACH(cos(v))                                                                        \
        case FUNCTION_ERF: PRETZEL_EACH(erf(v))                                                                        \
        case FUNCTION_LOG2: PRETZEL_EACH(log2(v))                                                                      \
        case FUNCTION_LOG10: PRETZEL_EACH(log10(v))                                                                    \
        case FUNCTION_EXP2: PRETZEL_EACH(exp2(v))                                                                      \
        case FUNCTION_TAN: PRETZEL_EACH(tan(v))                                                                        \
        case FUNCTION_ARCSIN: PRETZEL_EACH(asin(v))                                                                    \
        case FUNCTION_ARCCOS: PRETZEL_EACH(acos(v))                                                                    \
        case FUNCTION_ARCTAN: PRETZEL_EACH(atan(v))                                                                    \
        case FUNCTION_SINH: PRETZEL_EACH(sinh(v))                                                                      \
        case FUNCTION_COSH: PRETZEL_EACH(cosh(v))                                                                      \
        case FUNCTION_ARCSINH: PRETZEL_EACH(asinh(v))                                                                  \
        case FUNCTION_ARCCOSH: PRETZEL_EACH(acosh(v))                                                                  \
        case FUNCTION_ARCTANH: PRETZEL_EACH(atanh(v))                                                                  \
        case FUNCTION_SIGN: PRETZEL_EACH(isnan(v) ? v : (real)((v > 0) - (v < 0)))                                     \
        case FUNCTION_FLOOR: PRETZEL_EACH(floor(v))                                                                    \
        case FUNCTION_CEIL: PRETZEL_EACH(ceil(v))                                                                      \
        case FUNCTION_TRUNC: PRETZEL_EACH(trunc(v))                                                                    \
        case FUNCTION_RINT: PRETZEL_EACH(rint(v))                                                                      \
        case FUNCTION_CBRT: PRETZEL_EACH(cbrt(v))                                                                      \
        case FUNCTION_EXPIT: PRETZEL_EACH((real)1 / ((real)1 + EXP(-v)))                                               \
        case FUNCTION_LOGIT: PRETZEL_EACH(pretzel_logit(v))                                                            \
        }                                                                                                              \
    }

PRETZEL_APPLY(pretzel_apply_f32, float, expf)
PRETZEL_APPLY(pretzel_apply_f64, double, exp)

#define PRETZEL_MARK(EXPRESSION)                                                                                       \
    for (int64_t i = 0; i < n; i++) { y[i] = (EXPRESSION) != 0; }                                                      \
    break;
#define PRETZEL_TEST(NAME, TYPE)                                                                                       \
    static inline void NAME(int test, const TYPE* x, uint8_t* y, int64_t n) {                                          \
        switch (test) {                                                                                                \
        case TEST_ISNAN: PRETZEL_MARK(isnan(x[i]))                                                                     \
        case TEST_ISINF: PRETZEL_MARK(isinf(x[i]))                                                                     \
        case TEST_ISFINITE: PRETZEL_MARK(isfinite(x[i]))                                                               \
        case TEST_SIGNBIT: PRETZEL_MARK(signbit(x[i]))                                                                 \
        }                                                                                                              \
    }

PRETZEL_TEST(pretzel_test_f32, float)
PRETZEL_TEST(pretzel_test_f64, double)

#endif
