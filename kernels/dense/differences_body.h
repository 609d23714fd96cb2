/* Distances summed column by column, eight centers at once, for one instruction set; see differences.h.
 *
 * Eight registers of the machine's width hold sums, each of one row and one center in the order of the columns: of a
 * few rows and a group of centers, or of one row and a few groups. */
#define NATIVE (CPU_LEVEL == CPU_AVX512 ? 64 : CPU_LEVEL == CPU_AVX2 ? 32 : 16)
typedef double CPU(Part) __attribute__((vector_size(NATIVE)));
typedef int64_t CPU(Mask) __attribute__((vector_size(NATIVE)));
#define INLINE static inline __attribute__((always_inline))
#define V CPU(Part)
#define M CPU(Mask)
#define LANES_OF_PART ((int64_t)(NATIVE / sizeof(double)))
enum { CPU(PARTS) = GROUP * sizeof(double) / NATIVE, CPU(ABREAST) = 8 / CPU(PARTS) };

INLINE V CPU(size_of)(V x) {
    return (V)((M)x & INT64_MAX);
}

/* x where a mask is set, elsewhere zero. */
INLINE V CPU(only)(M mask, V x) {
    return (V)(mask & (M)x);
}

INLINE V CPU(chosen)(M mask, V x, V otherwise) {
    return (V)((mask & (M)x) | (~mask & (M)otherwise));
}

INLINE V CPU(powers)(V gap, double p) {
    for (int64_t l = 0; l < LANES_OF_PART; l++) gap[l] = pow(gap[l], p);
    return gap;
}

/* Add a column to the two sums of a metric; a NaN in either value sets `gap` to one. */
INLINE void CPU(add)(const int metric, V v, V c, double p, V *a, V *b) {
    const V side = v - c, gap = CPU(size_of)(side);
    const V both = metric == METRIC_CHI2 ? v + c : CPU(size_of)(v) + CPU(size_of)(c);
    const V one = 1.0 - (V){0};
    switch (metric) {
    case METRIC_MANHATTAN: *a += gap; break;
    case METRIC_CHEBYSHEV: *a = CPU(chosen)((gap > *a) | (gap != gap), gap, *a); break;
    case METRIC_SQUARES: *a += side * side; break;
    case METRIC_POWERS: *a += CPU(powers)(gap, p); break;
    case METRIC_CANBERRA: *a += CPU(only)(both != 0, gap / both); break;
    case METRIC_BRAYCURTIS: *a += gap, *b += both; break;
    case METRIC_HAMMING: *a += CPU(only)(v != c, one); break;
    case METRIC_CHI2: *a += CPU(only)(both != 0, gap * gap / both); break;
    case METRIC_NAN_EUCLIDEAN: *a += CPU(only)(gap == gap, gap * gap), *b += CPU(only)(gap == gap, one); break;
    }
}

INLINE double CPU(distance)(const int metric, double a, double b, int64_t width) {
    switch (metric) {
    case METRIC_BRAYCURTIS: return b != 0 ? a / b : 0;
    case METRIC_HAMMING: return width ? a / width : 0;
    case METRIC_NAN_EUCLIDEAN: return b != 0 ? sqrt(a / b * width) : NAN;
    default: return a;
    }
}

/* A few rows of X with a few groups, the last of which has `count` centers: as many sums as registers. */
#define PRETZEL_DIFFERENCES(SUFFIX, X, Y)                                                                              \
    INLINE void CPU(differ_##SUFFIX)(                                                                                  \
        const int metric, const X *x, const double *centers, double p, Y *y, const int64_t rows, const int64_t groups, \
        int64_t width, int64_t k, int64_t count) {                                                                     \
        V a[8] = {{0}}, b[8] = {{0}}, c;                                                                               \
        for (int64_t j = 0; j < width; j++)                                                                            \
            for (int64_t part = 0; part < groups * CPU(PARTS); part++) {                                               \
                const int64_t group = part / CPU(PARTS), within = part % CPU(PARTS) * LANES_OF_PART;                   \
                memcpy(&c, centers + (group * width + j) * GROUP + within, sizeof c);                                  \
                for (int64_t r = 0; r < rows; r++) {                                                                   \
                    const int64_t at = r * groups * CPU(PARTS) + part;                                                 \
                    CPU(add)(metric, (double)x[r * width + j] - (V){0}, c, p, a + at, b + at);                         \
                }                                                                                                      \
            }                                                                                                          \
        double first[8 * LANES_OF_PART], second[8 * LANES_OF_PART];                                                    \
        memcpy(first, a, sizeof first), memcpy(second, b, sizeof second);                                              \
        for (int64_t r = 0; r < rows; r++)                                                                             \
            for (int64_t l = 0; l < (groups - 1) * GROUP + count; l++) {                                               \
                const int64_t at = r * groups * GROUP + l;                                                             \
                y[r * k + l] = CPU(distance)(metric, first[at], second[at], width);                                    \
            }                                                                                                          \
    }                                                                                                                  \
    /* Many rows take one group at a time; the few left over take several groups at once. */                           \
    INLINE void CPU(rows_##SUFFIX)(                                                                                    \
        const int metric, const X *x, const double *centers, double p, Y *y, int64_t rows, int64_t width, int64_t k) { \
        const int64_t together = rows - rows % CPU(ABREAST);                                                           \
        for (int64_t row = 0; row < together; row += BLOCK)                                                            \
            for (int64_t c = 0; c < k; c += GROUP)                                                                     \
                for (int64_t r = row; r < together && r < row + BLOCK; r += CPU(ABREAST))                              \
                    CPU(differ_##SUFFIX)(metric, x + r * width, centers + c * width, p, y + r * k + c, CPU(ABREAST), 1,\
                                         width, k, k - c < GROUP ? k - c : GROUP);                                     \
        for (int64_t row = together; row < rows; row++) {                                                              \
            int64_t c = 0;                                                                                             \
            for (; c + CPU(ABREAST) * GROUP <= k; c += CPU(ABREAST) * GROUP)                                           \
                CPU(differ_##SUFFIX)(metric, x + row * width, centers + c * width, p, y + row * k + c, 1, CPU(ABREAST),\
                                     width, k, GROUP);                                                                 \
            for (; c < k; c += GROUP)                                                                                  \
                CPU(differ_##SUFFIX)(metric, x + row * width, centers + c * width, p, y + row * k + c, 1, 1,           \
                                     width, k, k - c < GROUP ? k - c : GROUP);                                         \
        }                                                                                                              \
    }                                                                                                                  \
    static void CPU(differences_##SUFFIX)(int metric, const void *of_x, const double *centers, double p, void *of_y,   \
                                          int64_t rows, int64_t width, int64_t k) {                                    \
        const X *x = of_x;                                                                                             \
        Y *y = of_y;                                                                                                   \
        switch (metric) {                                                                                              \
            PRETZEL_METRIC(SUFFIX, METRIC_MANHATTAN)                                                                   \
            PRETZEL_METRIC(SUFFIX, METRIC_CHEBYSHEV)                                                                   \
            PRETZEL_METRIC(SUFFIX, METRIC_SQUARES)                                                                     \
            PRETZEL_METRIC(SUFFIX, METRIC_POWERS)                                                                      \
            PRETZEL_METRIC(SUFFIX, METRIC_CANBERRA)                                                                    \
            PRETZEL_METRIC(SUFFIX, METRIC_BRAYCURTIS)                                                                  \
            PRETZEL_METRIC(SUFFIX, METRIC_HAMMING)                                                                     \
            PRETZEL_METRIC(SUFFIX, METRIC_CHI2)                                                                        \
            PRETZEL_METRIC(SUFFIX, METRIC_NAN_EUCLIDEAN)                                                               \
        }                                                                                                              \
    }
#define PRETZEL_METRIC(SUFFIX, METRIC)                                                                                 \
    case METRIC: CPU(rows_##SUFFIX)(METRIC, x, centers, p, y, rows, width, k); break;

PRETZEL_DIFFERENCES(f64, double, double)
PRETZEL_DIFFERENCES(f32_f64, float, double)
PRETZEL_DIFFERENCES(f32, float, float)

static const Differences CPU(differences) = {
    {{CPU(differences_f64), NULL}, {CPU(differences_f32_f64), CPU(differences_f32)}}};
#undef NATIVE
#undef INLINE
#undef V
#undef M
#undef LANES_OF_PART
#undef PRETZEL_DIFFERENCES
#undef PRETZEL_METRIC
