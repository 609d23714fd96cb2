/* Ranks, leaves and sums, as bits.h says; compiled as cpu.h says.
 *
 * Many rows: lanes are rows.  One byte of one tree is a chain over its entries, in registers, for all rows of a chunk:
 *
 *     ranks[column]   r r r r r r r r ...    32 rows a vector
 *     entry           t t t t t t t t ...    its threshold and its bits, in every lane
 *     gone           |= bits where r > t     (first kind; where not, second kind)
 *
 * then the first byte that is not gone altogether has the leaf.
 *
 * One row: lanes are bytes of trees, as they stand in the rounds, and the ranks are looked up:
 *
 *     columns         c c c c c c c c ...    a round: one entry of each byte of 32 / bytes trees
 *     ranks[columns]  r r r r r r r r ...
 *     gone           |= bits where r > t     (or where not)
 */

#define BITS_LOAD(V, at) ({ V loaded; memcpy(&loaded, (at), sizeof loaded); loaded; })

#if CPU_LEVEL == CPU_AVX512
enum { CPU(register_bytes) = 64, CPU(counted) = 80 };
#elif CPU_LEVEL == CPU_AVX2
enum { CPU(register_bytes) = 32, CPU(counted) = 48 };
#else
enum { CPU(register_bytes) = 16, CPU(counted) = 32 };
#endif

/* How many of ascending cuts lie below one value, and below each of many: of all, or of every `step`-th. */
#define BITS_BELOW(REAL, C_REAL, C_INT)                                                                                \
    typedef C_REAL CPU(values_##REAL) __attribute__((vector_size(CPU(register_bytes))));                               \
    typedef C_INT CPU(counts_##REAL) __attribute__((vector_size(CPU(register_bytes))));                                \
                                                                                                                       \
    /* Branches would be guessed wrong half the time: every value takes the same steps. */                             \
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

/* The same of sixteen cuts. */
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

/* Of many rows.  Few cuts (`counted`, the more the wider registers are) are all counted; of more, every sixteenth is, and
 * then the sixteen from there on. */
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

/* One tree and a chunk of WIDTH vectors of rows. */
#define BITS_CHUNK(NAME, LANES, WIDTH)                                                                                 \
    typedef int8_t CPU(NAME##_vector) __attribute__((vector_size(LANES)));                                             \
    enum { CPU(NAME##_rows) = LANES * WIDTH };                                                                         \
                                                                                                                       \
    static inline __attribute__((always_inline)) void CPU(NAME)(                                                       \
        const uint8_t *entries, const uint8_t *counts, int64_t bytes, const int8_t *ranks, int64_t stride,             \
        uint8_t *found) {                                                                                              \
        typedef CPU(NAME##_vector) vector;                                                                             \
        vector byte[WIDTH] = {{0}}, before[WIDTH] = {{0}};                                                             \
        for (int64_t b = 0; b < bytes; b++) {                                                                          \
            const uint8_t *entry = entries + b;                                                                        \
            const uint8_t *turn = entry + counts[b] * BITS_ROUND, *end = turn + counts[BITS_LANES + b] * BITS_ROUND;   \
            vector gone[WIDTH] = {{0}};                                                                                \
            for (; entry < turn; entry += BITS_ROUND) {                                                                \
                const int8_t *rank = ranks + entry[0] * stride;                                                        \
                const vector threshold = (vector){0} + (int8_t)entry[32], bits = (vector){0} + (int8_t)entry[96];      \
                for (int v = 0; v < WIDTH; v++)                                                                        \
                    gone[v] |= (BITS_LOAD(vector, rank + v * LANES) > threshold) & bits;                               \
            }                                                                                                          \
            for (; entry < end; entry += BITS_ROUND) {                                                                 \
                const int8_t *rank = ranks + entry[0] * stride;                                                        \
                const vector threshold = (vector){0} + (int8_t)entry[32], bits = (vector){0} + (int8_t)entry[96];      \
                for (int v = 0; v < WIDTH; v++)                                                                        \
                    gone[v] |= ~(BITS_LOAD(vector, rank + v * LANES) > threshold) & bits;                              \
            }                                                                                                          \
            for (int v = 0; v < WIDTH; v++) {                                                                          \
                const vector all = byte[v] == -1;                                                                      \
                if (b) before[v] -= all;                                                                               \
                byte[v] = b ? byte[v] & (gone[v] | ~all) : gone[v];                                                    \
            }                                                                                                          \
        }                                                                                                              \
        for (int v = 0; v < WIDTH; v++) {                                                                              \
            const vector lowest = ~byte[v] & (byte[v] + 1), twice = before[v] + before[v], four = twice + twice;       \
            const vector in_byte = (((lowest & (int8_t)0xAA) != 0) & 1) | (((lowest & (int8_t)0xCC) != 0) & 2) |       \
                                   (((lowest & (int8_t)0xF0) != 0) & 4);                                               \
            const vector leaf = four + four + in_byte;                                                                 \
            memcpy(found + v * LANES, &leaf, sizeof leaf);                                                             \
        }                                                                                                              \
    }

#if CPU_LEVEL == CPU_AVX512
BITS_CHUNK(chunk, 64, 2)
BITS_CHUNK(part, 32, 1)
#elif CPU_LEVEL == CPU_AVX2
BITS_CHUNK(chunk, 32, 4)
BITS_CHUNK(part, 32, 1)
#else
BITS_CHUNK(chunk, 16, 4)
BITS_CHUNK(part, 16, 2)
#endif
#undef BITS_CHUNK

static void CPU(find)(const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, int64_t stride, int64_t rows,
                      uint8_t *found) {
    const int64_t bytes = forest->bytes, trees = BITS_LANES / bytes;
    for (int64_t tree = begin; tree < end; tree++, found += stride) {
        const int64_t group = tree / trees, lane = tree % trees * bytes;
        const uint8_t *entries = forest->rounds + (int64_t)forest->starts[group] * BITS_ROUND + lane;
        const uint8_t *counts = forest->counts + group * 2 * BITS_LANES + lane;
        int64_t row = 0;
        for (; row + CPU(chunk_rows) <= rows; row += CPU(chunk_rows))
            CPU(chunk)(entries, counts, bytes, ranks + row, stride, found + row);
        for (; row < rows; row += CPU(part_rows)) CPU(part)(entries, counts, bytes, ranks + row, stride, found + row);
    }
}

/* The ranks of 32 columns of `count`. */
#if CPU_LEVEL >= CPU_AVX2
static inline __attribute__((always_inline)) __m256i CPU(look_up)(const __m256i *tables, const int count, __m256i columns) {
    __m256i ranks = _mm256_shuffle_epi8(tables[0], columns);
    if (count > 1) ranks = _mm256_setzero_si256();
    for (int t = 0; count > 1 && t < count; t++) {
        /* A lane that is no place of this table gets its highest bit, and a zero. */
        const __m256i place = _mm256_sub_epi8(columns, _mm256_set1_epi8((char)(16 * t)));
        const __m256i own = _mm256_adds_epu8(place, _mm256_set1_epi8(0x70));
        ranks = _mm256_or_si256(ranks, _mm256_shuffle_epi8(tables[t], own));
    }
    return ranks;
}

static inline __attribute__((always_inline)) void CPU(gone_in_group)(
    const uint8_t *round, const uint8_t *end, const __m256i *tables, const int count, uint8_t *out) {
    __m256i gone = _mm256_setzero_si256();
    for (; round < end; round += BITS_ROUND) {
        const __m256i *planes = (const __m256i *)round;
        const __m256i ranks = CPU(look_up)(tables, count, _mm256_loadu_si256(planes));
        const __m256i above = _mm256_cmpgt_epi8(ranks, _mm256_loadu_si256(planes + 1));
        const __m256i hit = _mm256_xor_si256(above, _mm256_loadu_si256(planes + 2));
        gone = _mm256_or_si256(gone, _mm256_and_si256(hit, _mm256_loadu_si256(planes + 3)));
    }
    _mm256_storeu_si256((__m256i *)out, gone);
}
#endif

static inline __attribute__((always_inline)) void CPU(gone_in_group_by_lane)(
    const uint8_t *round, const uint8_t *end, const int8_t *ranks, uint8_t *out) {
    uint8_t gone[BITS_LANES] = {0};
    for (; round < end; round += BITS_ROUND) {
        int8_t rank[BITS_LANES];
        for (int i = 0; i < BITS_LANES; i++) rank[i] = ranks[round[i]];
        for (int i = 0; i < BITS_LANES; i++) {
            const uint8_t above = rank[i] > (int8_t)round[32 + i] ? 255 : 0;
            gone[i] |= (above ^ round[64 + i]) & round[96 + i];
        }
    }
    memcpy(out, gone, BITS_LANES);
}

/* The lowest bit that is not gone in `bytes` bytes; eight are readable from each. */
static inline __attribute__((always_inline)) uint8_t CPU(lowest_left)(const uint8_t *gone, int64_t bytes) {
    uint64_t word;
    int64_t at = 0;
    memcpy(&word, gone, 8);
    while (word == ~0ull && at + 8 < bytes) memcpy(&word, gone + (at += 8), 8);
    if (bytes < 8) word |= ~0ull << (8 * bytes);
    word = ~word;
    return (uint8_t)(word ? at * 8 + __builtin_ctzll(word) : 0);
}

static inline __attribute__((always_inline)) void CPU(find_one_by)(
    const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, const int tables, uint8_t *found) {
    const int64_t bytes = forest->bytes, trees = BITS_LANES / bytes;
    uint8_t gone[BITS_LANES + 8] = {0};
#if CPU_LEVEL >= CPU_AVX2
    __m256i table[4];
    for (int t = 0; t < tables; t++)
        table[t] = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(ranks + 16 * t)));
#endif
    for (int64_t tree = begin; tree < end; tree += trees) {
        const uint32_t *starts = forest->starts + tree / trees;
        const uint8_t *round = forest->rounds + (int64_t)starts[0] * BITS_ROUND;
        const uint8_t *last = forest->rounds + (int64_t)starts[1] * BITS_ROUND;
#if CPU_LEVEL >= CPU_AVX2
        if (tables) CPU(gone_in_group)(round, last, table, tables, gone);
        else CPU(gone_in_group_by_lane)(round, last, ranks, gone);
#else
        CPU(gone_in_group_by_lane)(round, last, ranks, gone);
#endif
        for (int64_t t = 0; t < trees && tree + t < end; t++)
            *found++ = CPU(lowest_left)(gone + t * bytes, bytes);
    }
}

static void CPU(find_one)(const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, int64_t count,
                          uint8_t *found) {
    if (count <= 16) CPU(find_one_by)(forest, begin, end, ranks, 1, found);
    else if (count <= 32) CPU(find_one_by)(forest, begin, end, ranks, 2, found);
    else if (count <= 64) CPU(find_one_by)(forest, begin, end, ranks, 4, found);
    else CPU(find_one_by)(forest, begin, end, ranks, 0, found);
}

/* Four rows at a time share what they read of a tree, and their sums do not wait for each other. */
#define BITS_ADD(REAL, C_REAL)                                                                                         \
    static void CPU(add_##REAL)(const C_REAL *leaves, const uint32_t *first, int64_t trees, const uint8_t *found,      \
                                int64_t stride, int64_t rows, C_REAL *sums) {                                          \
        int64_t row = 0;                                                                                               \
        for (; row + 4 <= rows; row += 4) {                                                                            \
            C_REAL sum[4];                                                                                             \
            memcpy(sum, sums + row, sizeof sum);                                                                       \
            for (int64_t t = 0; t < trees; t++)                                                                        \
                for (int i = 0; i < 4; i++) sum[i] += leaves[first[t] + (uint64_t)found[t * stride + row + i]];        \
            memcpy(sums + row, sum, sizeof sum);                                                                       \
        }                                                                                                              \
        for (; row < rows; row++)                                                                                      \
            for (int64_t t = 0; t < trees; t++) sums[row] += leaves[first[t] + (uint64_t)found[t * stride + row]];     \
    }

BITS_ADD(f32, float)
BITS_ADD(f64, double)
#undef BITS_ADD

static const Bits CPU(bits) = {
    CPU(rank_f32), CPU(rank_f64), CPU(rank_one_f32), CPU(rank_one_f64),
    CPU(find),     CPU(find_one), CPU(add_f32),      CPU(add_f64),
};
