/* Sums in NumPy's order along a contiguous axis (pairwise, eight lanes of up to 128 numbers). */
#ifndef PRETZEL_SUMS_H
#define PRETZEL_SUMS_H
#include <stdint.h>

#define PRETZEL_PAIRWISE(NAME, T)                                                                                      \
    static __attribute__((unused)) T NAME(const T* x, int64_t n) {                                                     \
        if (n < 8) {                                                                                                   \
            T sum = 0;                                                                                                 \
            for (int64_t i = 0; i < n; i++) sum += x[i];                                                               \
            return sum;                                                                                                \
        }                                                                                                              \
        if (n <= 128) {                                                                                                \
            T lane[8];                                                                                                 \
            int64_t i;                                                                                                 \
            for (int l = 0; l < 8; l++) lane[l] = x[l];                                                                \
            for (i = 8; i + 8 <= n; i += 8)                                                                            \
                for (int l = 0; l < 8; l++) lane[l] += x[i + l];                                                       \
            T sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7])); \
            for (; i < n; i++) sum += x[i];                                                                            \
            return sum;                                                                                                \
        }                                                                                                              \
        int64_t half = n / 2;                                                                                          \
        half -= half % 8;                                                                                              \
        return NAME(x, half) + NAME(x + half, n - half);                                                               \
    }

PRETZEL_PAIRWISE(pretzel_sum_f32, float)
PRETZEL_PAIRWISE(pretzel_sum_f64, double)

#endif
