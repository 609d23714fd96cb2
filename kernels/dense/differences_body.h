/* Distances summed column by column, eight centers side by side, for one instruction set; see differences.h. */
/* `a` and `b` are the two sums that TERM adds to; a NaN in either value makes `gap` one. */
#define PRETZEL_GROUP(TERM, RESULT)                                                                           \
    for (int64_t j = 0; j < width; j++) {                                                                     \
        const double v = x[j];                                                                                \
        for (int l = 0; l < GROUP; l++) {                                                                     \
            const double c = centers[j * GROUP + l], gap = fabs(v - c);                                       \
            (void)gap;                                                                                        \
            TERM;                                                                                             \
        }                                                                                                     \
    }                                                                                                         \
    for (int64_t l = 0; l < count; l++) y[l] = RESULT;                                                        \
    break;

#define PRETZEL_DIFFERENCES(SUFFIX, X, Y)                                                                       \
    static inline __attribute__((always_inline)) void CPU(differ_##SUFFIX)(                                           \
        const int metric, const X* x, const double* centers, double p, Y* y, int64_t width, int64_t count) {  \
        double a[GROUP] = {0}, b[GROUP] = {0};                                                                \
        switch (metric) {                                                                                     \
        case METRIC_MANHATTAN: PRETZEL_GROUP(a[l] += gap, a[l])                                               \
        case METRIC_CHEBYSHEV: PRETZEL_GROUP(a[l] = gap > a[l] || gap != gap ? gap : a[l], a[l])              \
        case METRIC_SQUARES: PRETZEL_GROUP(a[l] += gap * gap, a[l])                                           \
        case METRIC_POWERS: PRETZEL_GROUP(a[l] += pow(gap, p), a[l])                                          \
        case METRIC_CANBERRA:                                                                                 \
            PRETZEL_GROUP(const double s = fabs(v) + fabs(c); a[l] += s != 0 ? gap / s : 0, a[l])             \
        case METRIC_BRAYCURTIS:                                                                               \
            PRETZEL_GROUP(a[l] += gap; b[l] += fabs(v) + fabs(c), b[l] != 0 ? a[l] / b[l] : 0)                \
        case METRIC_HAMMING: PRETZEL_GROUP(a[l] += v != c, width ? a[l] / width : 0)                          \
        case METRIC_CHI2:                                                                                     \
            PRETZEL_GROUP(const double s = v + c; a[l] += s != 0 ? gap * gap / s : 0, a[l])                   \
        case METRIC_NAN_EUCLIDEAN:                                                                            \
            PRETZEL_GROUP(                                                                                    \
                a[l] += gap == gap ? gap * gap : 0; b[l] += gap == gap,                                       \
                b[l] != 0 ? sqrt(a[l] / b[l] * width) : NAN)                                                  \
        }                                                                                                     \
    }                                                                                                         \
    static void CPU(differences_##SUFFIX)(                                                                          \
        int metric, const X* x, const double* centers, double p, Y* y, int64_t rows, int64_t width, int64_t k) { \
        for (int64_t c = 0; c < k; c += GROUP, centers += GROUP * width)                                      \
            for (int64_t row = 0; row < rows; row++)                                                          \
                CPU(differ_##SUFFIX)(metric, x + row * width, centers, p, y + row * k + c, width, k - c < GROUP ? k - c : GROUP); \
    }

PRETZEL_DIFFERENCES(f64, double, double)
PRETZEL_DIFFERENCES(f32_f64, float, double)
PRETZEL_DIFFERENCES(f32, float, float)

static const Differences CPU(differences) = {
    CPU(differences_f64), CPU(differences_f32_f64), CPU(differences_f32)};
