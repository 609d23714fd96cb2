/* The search of nearest.h for one instruction set: a run is compared as a whole, without branches. */
#define NATIVE (CPU_LEVEL == CPU_AVX512 ? 64 : CPU_LEVEL == CPU_AVX2 ? 32 : 16)

#define PRETZEL_NEAREST(TYPES, X, WHOLE)                                                                               \
    typedef X CPU(nearest_##TYPES##_part) __attribute__((vector_size(NATIVE)));                                        \
    typedef WHOLE CPU(nearest_##TYPES##_mask) __attribute__((vector_size(NATIVE)));                                    \
                                                                                                                       \
    static int64_t CPU(nearest_##TYPES)(const X *x, int64_t i, int64_t count, X top, X limit, int64_t *beyond) {       \
        enum { LANES = NATIVE / sizeof(X) };                                                                           \
        for (; i + NEAREST_RUN <= count; i += NEAREST_RUN) {                                                           \
            CPU(nearest_##TYPES##_mask) below = {0}, above = {0};                                                      \
            for (int64_t v = 0; v < NEAREST_RUN; v += LANES) {                                                         \
                CPU(nearest_##TYPES##_part) part;                                                                      \
                memcpy(&part, x + i + v, sizeof part);                                                                 \
                below |= part < top;                                                                                   \
                above -= part > limit;                                                                                 \
            }                                                                                                          \
            WHOLE any = 0, many = 0;                                                                                   \
            for (int64_t l = 0; l < LANES; l++) any |= below[l];                                                       \
            if (any) break;                                                                                            \
            for (int64_t l = 0; l < LANES; l++) many += above[l];                                                      \
            *beyond += many;                                                                                           \
        }                                                                                                              \
        return i;                                                                                                      \
    }

PRETZEL_NEAREST(f32, float, int32_t)
PRETZEL_NEAREST(f64, double, int64_t)

static const NearestRuns CPU(nearest_runs) = {CPU(nearest_f32), CPU(nearest_f64)};
#undef NATIVE
#undef PRETZEL_NEAREST
