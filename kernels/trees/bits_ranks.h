/* Ranks of numbers, and marks of categories, as in bits.h; a part of bits_body.h, and compiled with it. */

#if CPU_LEVEL == CPU_AVX512
enum { CPU(register_bytes) = 64, CPU(counted) = 80 };
#elif CPU_LEVEL == CPU_AVX2
enum { CPU(register_bytes) = 32, CPU(counted) = 48 };
#else
enum { CPU(register_bytes) = 16, CPU(counted) = 32 };
#endif

/* The number of ascending cuts below one value, and below each of many: of all cuts, or of every `step`-th. */
#define BITS_BELOW(REAL, C_REAL, C_INT)                                                                                \
    typedef C_REAL CPU(values_##REAL) __attribute__((vector_size(CPU(register_bytes))));                               \
    typedef C_INT CPU(counts_##REAL) __attribute__((vector_size(CPU(register_bytes))));                                \
                                                                                                                       \
    /* Branches would be mispredicted half the time: every value takes the same steps. */                              \
    static inline __attribute__((always_inline)) uint32_t CPU(below_one_##REAL)(                                       \
        const C_REAL *cuts, uint32_t count, C_REAL value) {                                                            \
        uint32_t at = 0;                                                                                               \
        for (; count > 1; count -= count / 2)                                                                          \
            at += count / 2 & -(uint32_t)(cuts[at + count / 2 - 1] < value);                                           \
        return count ? at + (cuts[at] < value) : 0;                                                                    \
    }                                                                                                                  \
                                                                                                                       \
    static inline __attribute__((always_inline)) void CPU(below_##REAL)(                                               \
        const C_REAL *cuts, int64_t count, const int64_t step, const C_REAL *x, int64_t rows, uint32_t *below) {       \
        enum { LANES = CPU(register_bytes) / sizeof(C_REAL) };                                                         \
        for (int64_t row = 0; row < rows; row += 4 * LANES) {                                                          \
            CPU(values_##REAL) value[4];                                                                               \
            CPU(counts_##REAL) n[4] = {{0}};                                                                           \
            memcpy(value, x + row, sizeof value);                                                                      \
            for (int64_t c = 0; c < count; c += step)                                                                  \
                for (int v = 0; v < 4; v++) n[v] -= value[v] > cuts[c];                                                \
            for (int v = 0; v < 4; v++)                                                                                \
                for (int i = 0; i < LANES; i++) below[row + v * LANES + i] = (uint32_t)n[v][i];                        \
        }                                                                                                              \
    }

BITS_BELOW(f32, float, int32_t)
BITS_BELOW(f64, double, int64_t)
#undef BITS_BELOW

/* The same for sixteen cuts. */
#if CPU_LEVEL >= CPU_AVX2
static inline __attribute__((always_inline)) uint32_t CPU(of_sixteen_f32)(const float *cuts, float value) {
    const __m256 x = _mm256_set1_ps(value);
    const int low = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(cuts), x, _CMP_LT_OQ));
    const int high = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(cuts + 8), x, _CMP_LT_OQ));
    return (uint32_t)__builtin_popcount((uint32_t)(low | high << 8));
}

static inline __attribute__((always_inline)) uint32_t CPU(of_sixteen_f64)(const double *cuts, double value) {
    const __m256d x = _mm256_set1_pd(value);
    int below = 0;
    for (int i = 0; i < 4; i++)
        below |= _mm256_movemask_pd(_mm256_cmp_pd(_mm256_loadu_pd(cuts + 4 * i), x, _CMP_LT_OQ)) << 4 * i;
    return (uint32_t)__builtin_popcount((uint32_t)below);
}
#else
#define BITS_OF_SIXTEEN(REAL, C_REAL)                                                                                  \
    static inline __attribute__((always_inline)) uint32_t CPU(of_sixteen_##REAL)(const C_REAL *cuts, C_REAL value) {   \
        uint32_t at = 0;                                                                                               \
        for (uint32_t half = 8; half; half /= 2) at += half & -(uint32_t)(cuts[at + half - 1] < value);                \
        return at + (cuts[at] < value);                                                                                \
    }

BITS_OF_SIXTEEN(f32, float)
BITS_OF_SIXTEEN(f64, double)
#undef BITS_OF_SIXTEEN
#endif

/* The same for many rows.  Few cuts (up to `counted`, more for wider registers) are all counted; of more, every
 * sixteenth is, and then the sixteen from there on. */
#define BITS_RANK(REAL, C_REAL)                                                                                        \
    static inline __attribute__((always_inline)) void CPU(rank_column_##REAL)(                                         \
        const bits_column *column, const C_REAL *cuts, const C_REAL *value, int64_t rows, int8_t *ranks) {             \
        const uint32_t count = column->cuts, last = count - 16, nan = count * column->missing_right;                   \
        uint32_t below[BITS_RANKED];                                                                                   \
        if (count <= CPU(counted)) CPU(below_##REAL)(cuts, count, 1, value, rows, below);                              \
        else CPU(below_##REAL)(cuts + 15, count - 15, 16, value, rows, below);                                         \
        for (int64_t i = 0; count > CPU(counted) && i < rows; i++) {                                                   \
            const uint32_t begin = below[i] * 16 < last ? below[i] * 16 : last;                                        \
            below[i] = begin + CPU(of_sixteen_##REAL)(cuts + begin, value[i]);                                         \
        }                                                                                                              \
        for (int64_t i = 0; i < rows; i++) ranks[i] = (int8_t)(below[i] + (value[i] != value[i] ? nan : 0) - 128);     \
    }                                                                                                                  \
                                                                                                                       \
    static void CPU(rank_##REAL)(const bits_column *columns, int64_t count, const C_REAL *cuts, const char *x,         \
                                 int64_t pitch, int64_t rows, int8_t *ranks, int64_t stride) {                         \
        C_REAL value[BITS_RANKED] = {0};                                                                               \
        for (int64_t row = 0; row < rows; row += BITS_RANKED) {                                                        \
            const int64_t left = rows - row, here = left < BITS_RANKED ? left : BITS_RANKED;                           \
            for (int64_t c = 0; c < count; c++) {                                                                      \
                const char *first = x + row * pitch + columns[c].feature * sizeof(C_REAL);                             \
                for (int64_t i = 0; i < here; i++) value[i] = *(const C_REAL *)(first + i * pitch);                    \
                CPU(rank_column_##REAL)(columns + c, cuts + columns[c].first, value, here, ranks + c * stride + row);  \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    static void CPU(rank_one_##REAL)(const bits_column *columns, int64_t count, const C_REAL *cuts, const char *x,     \
                                     int8_t *ranks) {                                                                  \
        for (int64_t c = 0; c < count; c++) {                                                                          \
            const C_REAL value = ((const C_REAL *)x)[columns[c].feature];                                              \
            const uint32_t below = CPU(below_one_##REAL)(cuts + columns[c].first, columns[c].cuts, value);             \
            const uint32_t nan = value != value ? columns[c].cuts * columns[c].missing_right : 0;                      \
            ranks[c] = (int8_t)(below + nan - 128);                                                                    \
        }                                                                                                              \
    }

BITS_RANK(f32, float)
BITS_RANK(f64, double)
#undef BITS_RANK

#define BITS_MARK(REAL, C_REAL)                                                                                        \
    /* Truncated to an integer, as libraries do: values between -1 and 0 are category 0. */                            \
    static inline __attribute__((always_inline)) int64_t CPU(category_##REAL)(C_REAL value, int64_t categories) {      \
        if (value != value) return categories + 1;                                                                     \
        return value > -1 && value < (C_REAL)categories ? (int64_t)value : categories;                                 \
    }                                                                                                                  \
                                                                                                                       \
    static void CPU(mark_##REAL)(const bits_sets *sets, int64_t count, const uint8_t *marks, const char *x,            \
                                 int64_t pitch, int64_t rows, int8_t *ranks, int64_t stride) {                         \
        for (const bits_sets *s = sets; s < sets + count; s++)                                                         \
            for (int64_t row = 0; row < rows; row++) {                                                                 \
                const C_REAL value = *(const C_REAL *)(x + row * pitch + s->feature * sizeof(C_REAL));                 \
                const uint8_t *from = marks + s->first + CPU(category_##REAL)(value, s->categories) * s->columns;      \
                int8_t *to = ranks + s->column * stride + row;                                                         \
                for (uint32_t c = 0; c < s->columns; c++) to[c * stride] = (int8_t)from[c];                            \
            }                                                                                                          \
    }

BITS_MARK(f32, float)
BITS_MARK(f64, double)
#undef BITS_MARK
