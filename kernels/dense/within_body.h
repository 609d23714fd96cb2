/* The search of within.h for one instruction set: a run is tested as a whole, without branches. */
#define NATIVE (CPU_LEVEL == CPU_AVX512 ? 64 : CPU_LEVEL == CPU_AVX2 ? 32 : 16)

#define PRETZEL_WITHIN(TYPES, X, WHOLE, SIGN)                                                                          \
    typedef X CPU(TYPES##_part) __attribute__((vector_size(NATIVE)));                                                  \
    typedef WHOLE CPU(TYPES##_mask) __attribute__((vector_size(NATIVE)));                                              \
    static inline bool CPU(TYPES##_inside)(const X *x, X limit) {                                                      \
        CPU(TYPES##_mask) inside = ~(CPU(TYPES##_mask)){0};                                                            \
        for (int64_t i = 0; i < RUN; i += NATIVE / sizeof(X)) {                                                        \
            CPU(TYPES##_mask) size;                                                                                    \
            memcpy(&size, x + i, sizeof size);                                                                         \
            inside &= (CPU(TYPES##_part))(size & ~SIGN) <= limit;                                                      \
        }                                                                                                              \
        WHOLE all = -1;                                                                                                \
        for (int64_t l = 0; l < (int64_t)(NATIVE / sizeof(X)); l++) all &= inside[l];                                  \
        return all;                                                                                                    \
    }                                                                                                                  \
    static int64_t CPU(within_##TYPES)(const X *x, int64_t n, X limit) {                                               \
        int64_t i = 0;                                                                                                 \
        for (; i + RUN <= n; i += RUN)                                                                                 \
            if (!CPU(TYPES##_inside)(x + i, limit)) return i;                                                          \
        X last[RUN] = {0};                                                                                             \
        memcpy(last, x + i, (n - i) * sizeof(X));                                                                      \
        return CPU(TYPES##_inside)(last, limit) ? n : i;                                                               \
    }

PRETZEL_WITHIN(f32, float, int32_t, INT32_MIN)
PRETZEL_WITHIN(f64, double, int64_t, INT64_MIN)

static const Within CPU(within) = {CPU(within_f32), CPU(within_f64)};
#undef NATIVE
#undef PRETZEL_WITHIN
