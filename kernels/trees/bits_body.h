/* Leaves and sums, as in bits.h; compiled as in cpu.h.
 *
 * Many rows: lanes are rows.  One byte of one tree is a chain over its entries, in registers, for all rows of a chunk:
 *
 *     ranks[column]   r r r r r r r r ...    32 rows a vector
 *     entry           t t t t t t t t ...    its threshold and its bits, in every lane
 *     gone           |= bits where r > t     (first kind; for the second where not)
 *
 * then the first byte that is not all gone has the leaf.
 *
 * One row: lanes are bytes of trees, as in the rounds, and the ranks are looked up:
 *
 *     columns         c c c c c c c c ...    a round: one entry of each byte of 32 / bytes trees
 *     ranks[columns]  r r r r r r r r ...
 *     gone           |= bits where r > t     (or where not)
 */

#define BITS_LOAD(V, at) ({ V loaded; memcpy(&loaded, (at), sizeof loaded); loaded; })

#include "trees/bits_ranks.h"

/* One tree and a chunk of WIDTH vectors of rows. */
#define BITS_CHUNK(NAME, LANES, WIDTH)                                                                                 \
    typedef int8_t CPU(NAME##_vector) __attribute__((vector_size(LANES)));                                             \
    enum { CPU(NAME##_rows) = LANES * WIDTH };                                                                         \
                                                                                                                       \
    static inline __attribute__((always_inline)) void CPU(NAME)(                                                       \
        const uint8_t *entries, const uint8_t *counts, int64_t bytes, const int kinds, const int8_t *ranks,            \
        int64_t stride, uint8_t *reached) {                                                                            \
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
            if (kinds > 2) end += counts[2 * BITS_LANES + b] * BITS_ROUND;                                             \
            for (; kinds > 2 && entry < end; entry += BITS_ROUND) {                                                    \
                const int8_t *mark = ranks + entry[0] * stride;                                                        \
                const vector mask = (vector){0} + (int8_t)entry[32], bits = (vector){0} + (int8_t)entry[96];           \
                for (int v = 0; v < WIDTH; v++)                                                                        \
                    gone[v] |= ((BITS_LOAD(vector, mark + v * LANES) & mask) == mask) & bits;                          \
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
            memcpy(reached + v * LANES, &leaf, sizeof leaf);                                                           \
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

static inline __attribute__((always_inline)) void CPU(find_by)(
    const bits_forest *forest, int64_t begin, int64_t end, const int kinds, const int8_t *ranks, int64_t stride,
    int64_t rows, uint8_t *reached) {
    const int64_t bytes = forest->bytes, trees = BITS_LANES / bytes;
    for (int64_t tree = begin; tree < end; tree++, reached += stride) {
        const int64_t group = tree / trees, lane = tree % trees * bytes;
        const uint8_t *entries = forest->rounds + (int64_t)forest->starts[group] * BITS_ROUND + lane;
        const uint8_t *counts = forest->counts + group * kinds * BITS_LANES + lane;
        int64_t row = 0;
        for (; row + CPU(chunk_rows) <= rows; row += CPU(chunk_rows))
            CPU(chunk)(entries, counts, bytes, kinds, ranks + row, stride, reached + row);
        for (; row < rows; row += CPU(part_rows))
            CPU(part)(entries, counts, bytes, kinds, ranks + row, stride, reached + row);
    }
}

static void CPU(find)(const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, int64_t stride,
                      int64_t rows, uint8_t *reached) {
    if (forest->kinds > 2) CPU(find_by)(forest, begin, end, 3, ranks, stride, rows, reached);
    else CPU(find_by)(forest, begin, end, 2, ranks, stride, rows, reached);
}

/* The ranks of 32 columns of `count`. */
#if CPU_LEVEL >= CPU_AVX2
static inline __attribute__((always_inline)) __m256i CPU(look_up)(
    const __m256i *tables, const int count, __m256i columns) {
    __m256i ranks = _mm256_shuffle_epi8(tables[0], columns);
    if (count > 1) ranks = _mm256_setzero_si256();
    for (int t = 0; count > 1 && t < count; t++) {
        /* A lane outside this table gets its highest bit, and so a zero. */
        const __m256i place = _mm256_sub_epi8(columns, _mm256_set1_epi8((char)(16 * t)));
        const __m256i own = _mm256_adds_epu8(place, _mm256_set1_epi8(0x70));
        ranks = _mm256_or_si256(ranks, _mm256_shuffle_epi8(tables[t], own));
    }
    return ranks;
}

static inline __attribute__((always_inline)) void CPU(gone_in_group)(
    const uint8_t *round, const uint8_t *end, const __m256i *tables, const int count, const int kinds, uint8_t *out) {
    __m256i gone = _mm256_setzero_si256();
    for (; round < end; round += BITS_ROUND) {
        const __m256i *planes = (const __m256i *)round;
        const __m256i ranks = CPU(look_up)(tables, count, _mm256_loadu_si256(planes));
        const __m256i threshold = _mm256_loadu_si256(planes + 1), kind = _mm256_loadu_si256(planes + 2);
        __m256i hit = _mm256_xor_si256(_mm256_cmpgt_epi8(ranks, threshold), kind);
        if (kinds > 2) {
            const __m256i marked = _mm256_cmpeq_epi8(_mm256_and_si256(ranks, threshold), threshold);
            hit = _mm256_blendv_epi8(hit, marked, _mm256_cmpeq_epi8(kind, _mm256_set1_epi8(1)));
        }
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
            const int8_t threshold = (int8_t)round[32 + i];
            const uint8_t above = (rank[i] > threshold ? 255 : 0) ^ round[64 + i];
            const uint8_t marked = (rank[i] & threshold) == threshold ? 255 : 0;
            gone[i] |= (round[64 + i] == 1 ? marked : above) & round[96 + i];
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
    const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, const int tables, const int kinds,
    uint8_t *reached) {
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
        if (tables) CPU(gone_in_group)(round, last, table, tables, kinds, gone);
        else CPU(gone_in_group_by_lane)(round, last, ranks, gone);
#else
        CPU(gone_in_group_by_lane)(round, last, ranks, gone);
#endif
        for (int64_t t = 0; t < trees && tree + t < end; t++)
            *reached++ = CPU(lowest_left)(gone + t * bytes, bytes);
    }
}

static inline __attribute__((always_inline)) void CPU(find_one_of)(
    const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, int64_t count, const int kinds,
    uint8_t *reached) {
    if (count <= 16) CPU(find_one_by)(forest, begin, end, ranks, 1, kinds, reached);
    else if (count <= 32) CPU(find_one_by)(forest, begin, end, ranks, 2, kinds, reached);
    else if (count <= 64) CPU(find_one_by)(forest, begin, end, ranks, 4, kinds, reached);
    else CPU(find_one_by)(forest, begin, end, ranks, 0, kinds, reached);
}

static void CPU(find_one)(const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, int64_t count,
                          uint8_t *reached) {
    if (forest->kinds > 2) CPU(find_one_of)(forest, begin, end, ranks, count, 3, reached);
    else CPU(find_one_of)(forest, begin, end, ranks, count, 2, reached);
}

/* Four rows at a time share their reads of a tree, and their sums do not wait for each other. */
#define BITS_ADD(REAL, C_REAL)                                                                                         \
    static void CPU(add_##REAL)(const C_REAL *leaves, const uint32_t *first, int64_t trees, const uint8_t *reached,    \
                                int64_t stride, int64_t rows, C_REAL *sums) {                                          \
        int64_t row = 0;                                                                                               \
        for (; row + 4 <= rows; row += 4) {                                                                            \
            C_REAL sum[4];                                                                                             \
            memcpy(sum, sums + row, sizeof sum);                                                                       \
            for (int64_t t = 0; t < trees; t++)                                                                        \
                for (int i = 0; i < 4; i++) sum[i] += leaves[first[t] + (uint64_t)reached[t * stride + row + i]];      \
            memcpy(sums + row, sum, sizeof sum);                                                                       \
        }                                                                                                              \
        for (; row < rows; row++)                                                                                      \
            for (int64_t t = 0; t < trees; t++) sums[row] += leaves[first[t] + (uint64_t)reached[t * stride + row]];   \
    }

BITS_ADD(f32, float)
BITS_ADD(f64, double)
#undef BITS_ADD

static const Bits CPU(bits) = {
    CPU(rank_f32), CPU(rank_f64), CPU(rank_one_f32), CPU(rank_one_f64), CPU(mark_f32),
    CPU(mark_f64), CPU(find),     CPU(find_one),     CPU(add_f32),      CPU(add_f64),
};
