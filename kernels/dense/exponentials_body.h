/* exp, tanh and the logistic function, one register of numbers at a time.
 *
 * x = n ln 2 + r with an integer n and |r| <= ln 2 / 2, so that exp(x) = 2^n exp(r).  ln 2 is a sum of two numbers, the
 * first so short that n times it is exact; the rounding error of r is carried along.  exp(r) - 1 is Taylor's series to
 * r^13, with a remainder below 2^-57.  All steps are in float64 and in this order on every machine; exp is within one
 * ulp of the exact value, overflow and denormals included, and tanh within two and a half.  NaN propagates. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define PER_LN2 0x1.71547652b82fep+0
/* Adding it rounds to an integer, which is then in the lowest bits. */
#define WHOLE 0x1.8p+52

#define NATIVE (CPU_LEVEL == CPU_AVX512 ? 64 : CPU_LEVEL == CPU_AVX2 ? 32 : 16)
#define AT_ONCE ((int64_t)(NATIVE / sizeof(double)))
typedef double CPU(Numbers) __attribute__((vector_size(NATIVE)));
typedef uint64_t CPU(Bits) __attribute__((vector_size(NATIVE)));
typedef float CPU(Floats) __attribute__((vector_size(NATIVE / 2)));
#define INLINE static inline __attribute__((always_inline))
#define V CPU(Numbers)
#define U CPU(Bits)

typedef struct {
    V rest;  /* exp(r) - 1 */
    U power; /* n, modulo 2^64 */
} CPU(Split);

/* 2^n for -1022 <= n <= 1023. */
INLINE V CPU(power_of_two)(U n) {
    return (V)((n + 1023) << 52);
}

/* `limit` where a mask is set, elsewhere x. */
INLINE V CPU(limited)(U mask, double limit, V x) {
    return (V)((mask & (U)(limit - (V){0})) | (~mask & (U)x));
}

INLINE CPU(Split) CPU(split)(V x) {
    const V shifted = x * PER_LN2 + WHOLE, n = shifted - WHOLE;
    const V high = x - n * LN2_HIGH, low = n * LN2_LOW, r = high - low, lost = (high - r) - low;
    V series = 1.0 / 6227020800 * r + 1.0 / 479001600;
    series = series * r + 1.0 / 39916800;
    series = series * r + 1.0 / 3628800;
    series = series * r + 1.0 / 362880;
    series = series * r + 1.0 / 40320;
    series = series * r + 1.0 / 5040;
    series = series * r + 1.0 / 720;
    series = series * r + 1.0 / 120;
    series = series * r + 1.0 / 24;
    series = series * r + 1.0 / 6;
    series = series * r + 0.5;
    return (CPU(Split)){r + (series * (r * r) + lost), (U)shifted - (U)(WHOLE + (V){0})};
}

/* A power of two as two factors: one alone does not reach all results, and only the last product may round. */
INLINE V CPU(exp_of)(V x) {
    x = CPU(limited)((U)(x < -746.0), -746, x);
    const CPU(Split) s = CPU(split)(CPU(limited)((U)(x > 710.0), 710, x));
    const U half = ((s.power + 2048) >> 1) - 1024;
    return (1.0 + s.rest) * CPU(power_of_two)(half) * CPU(power_of_two)(s.power - half);
}

/* e / (e + 2) with e = exp(2 |x|) - 1, which is accurate for small x; one from 20 on. */
INLINE V CPU(tanh_of)(V x) {
    const U sign = (U)x & ((uint64_t)1 << 63);
    const V size = (V)((U)x ^ sign);
    const CPU(Split) s = CPU(split)(2.0 * CPU(limited)((U)(size > 20.0), 20, size));
    const V power = CPU(power_of_two)(s.power), e = power * s.rest + (power - 1.0);
    return (V)((U)(e / (e + 2.0)) | sign);
}

INLINE V CPU(logistic_of)(V x) {
    return 1.0 / (1.0 + CPU(exp_of)(-x));
}

INLINE V CPU(to_single)(V x) {
    return __builtin_convertvector(__builtin_convertvector(x, CPU(Floats)), V);
}

/* In float32 the library rounds each step to it. */
INLINE V CPU(logistic_single_of)(V x) {
    return 1.0 / CPU(to_single)(1.0 + CPU(to_single)(CPU(exp_of)(-x)));
}

#define PRETZEL_RUN(NAME, TYPE, TYPES, FUNCTION)                                                                       \
    static void CPU(NAME)(const TYPE *x, TYPE *y, int64_t n) {                                                         \
        for (int64_t i = 0; i < n; i += AT_ONCE) {                                                                     \
            TYPES part = {0};                                                                                          \
            const bool full = i + AT_ONCE <= n;                                                                        \
            if (full)                                                                                                  \
                memcpy(&part, x + i, sizeof part);                                                                     \
            else                                                                                                       \
                for (int64_t l = 0; i + l < n; l++) part[l] = x[i + l];                                                \
            part = __builtin_convertvector(CPU(FUNCTION)(__builtin_convertvector(part, V)), TYPES);                    \
            if (full)                                                                                                  \
                memcpy(y + i, &part, sizeof part);                                                                     \
            else                                                                                                       \
                for (int64_t l = 0; i + l < n; l++) y[i + l] = part[l];                                                \
        }                                                                                                              \
    }
PRETZEL_RUN(exp_f64, double, V, exp_of)
PRETZEL_RUN(tanh_f32, float, CPU(Floats), tanh_of)
PRETZEL_RUN(tanh_f64, double, V, tanh_of)
PRETZEL_RUN(logistic_f32, float, CPU(Floats), logistic_single_of)
PRETZEL_RUN(logistic_f64, double, V, logistic_of)
#undef PRETZEL_RUN

static const Exponentials CPU(exponentials) = {
    CPU(exp_f64), CPU(tanh_f32), CPU(tanh_f64), CPU(logistic_f32), CPU(logistic_f64),
};
#undef LN2_HIGH
#undef LN2_LOW
#undef PER_LN2
#undef WHOLE
#undef NATIVE
#undef AT_ONCE
#undef INLINE
#undef V
#undef U
