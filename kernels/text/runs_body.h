/* The bits of up to 64 characters, one for each member; all are ASCII. */
static inline uint64_t CPU(runs_members)(const Members *members, const uint8_t *text, int64_t length) {
    uint64_t bits = 0;
    int64_t i = 0;
#if CPU_LEVEL >= CPU_AVX2
    const __m256i columns = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)members->columns));
    const __m256i rows = _mm256_set1_epi64x((int64_t)0x8040201008040201ull);
    for (; i + 32 <= length; i += 32) {
        __m256i c = _mm256_loadu_si256((const __m256i *)(text + i));
        __m256i column = _mm256_shuffle_epi8(columns, _mm256_and_si256(c, _mm256_set1_epi8(15)));
        __m256i row = _mm256_shuffle_epi8(rows, _mm256_and_si256(_mm256_srli_epi16(c, 4), _mm256_set1_epi8(15)));
        __m256i outside = _mm256_cmpeq_epi8(_mm256_and_si256(column, row), _mm256_setzero_si256());
        bits |= (uint64_t)(uint32_t)~_mm256_movemask_epi8(outside) << i;
    }
#endif
    for (; i < length; i++) bits |= (uint64_t)(members->columns[text[i] & 15] >> (text[i] >> 4) & 1) << i;
    return bits;
}

/* Writes the runs of low..high characters as Texts, and possibly one more that does not count; returns their number. */
static int64_t CPU(runs_find)(
    const Members *members, const uint8_t *text, int64_t length, int64_t low, int64_t high, void *out
) {
    uint64_t before = 0;
    int64_t count = 0;
    Run run = {NULL, 0};
    for (int64_t at = 0; at <= length; at += 64) { /* one beyond the text ends its last run */
        uint64_t bits = CPU(runs_members)(members, text + at, length - at < 64 ? length - at : 64);
        uint64_t edges = bits ^ (bits << 1 | before);
        before = bits >> 63;
        for (; edges; edges &= edges - 1) {
            const uint8_t *here = text + at + __builtin_ctzll(edges);
            if (run.at) {
                run.length = here - run.at;
                memcpy((uint8_t *)out + count * (int64_t)sizeof run, &run, sizeof run);
                count += (run.length >= low) & (run.length <= high);
                here = NULL;
            }
            run.at = here;
        }
    }
    return count;
}

static const Runs CPU(runs) = {CPU(runs_find)};
