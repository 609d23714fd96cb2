/* The slots of a bucket that hold the key, one bit each. */
static inline unsigned CPU(grams_hits)(const uint64_t *bucket, uint64_t key) {
#if CPU_LEVEL >= CPU_AVX2
    __m256i equal = _mm256_cmpeq_epi64(_mm256_loadu_si256((const __m256i *)bucket), _mm256_set1_epi64x((int64_t)key));
    return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(equal)) | (unsigned)(bucket[4] == key) << 4;
#else
    return terms_hits(bucket, key);
#endif
}

/* The id of a key of seven bytes or less whose home bucket overflowed to later buckets and does not hold it. */
static int64_t CPU(grams_find_further)(const Terms *t, const uint64_t *home, uint64_t key) {
    const uint64_t *end = t->rows + t->buckets * TERMS_ROW, *bucket = home;
    for (uint32_t left = terms_spill(home); left; left--) {
        bucket = bucket + TERMS_ROW < end ? bucket + TERMS_ROW : t->rows;
        unsigned hits = CPU(grams_hits)(bucket, key);
        if (hits) return terms_half(bucket, __builtin_ctz(hits));
    }
    return TERMS_NONE;
}

/* Looks up the queued keys; writes the ids that exist, and returns their number. */
static inline int64_t CPU(grams_find)(
    const Terms *t, const Gram *grams, int64_t count, uint32_t limit, uint32_t *ids
) {
    int64_t id_count = 0;
    for (int64_t k = 0; k < count; k++) {
        const uint64_t *bucket = grams[k].bucket;
        unsigned hits = CPU(grams_hits)(bucket, grams[k].key);
        uint32_t id = terms_half(bucket, __builtin_ctz(hits | 1u << TERMS_SLOTS));
        if (__builtin_expect(!hits & (terms_half(bucket, TERMS_SLOTS) != 0), 0)) {
            int64_t further = CPU(grams_find_further)(t, bucket, grams[k].key);
            hits = further != TERMS_NONE;
            id = (uint32_t)further;
        }
        ids[id_count] = id;
        id_count += (hits != 0) & (id < limit);
    }
    return id_count;
}

/* Looks up all n-grams of low..high <= 7 bytes of a text of `length` bytes, of which seven more are readable; with
   `words` only those without spaces inside, for low >= 2.  Returns how many of them have an id. */
static int64_t CPU(grams_short)(
    const Terms *t, const uint8_t *text, int64_t length, int low, int high, int words, uint32_t limit, uint32_t *ids
) {
    Gram grams[GRAMS_BATCH + 8];
    int64_t id_count = 0, waiting = 0, room = 0;
    for (int64_t i = length - (words ? 2 : low); i >= 0; i--) {
        uint64_t word = terms_load(text + i);
        if (words) room = text[i + 1] == ' ' ? 2 : room + 1;
        else room = length - i;
        for (int n = low; n <= high; n++) {
            uint64_t key = (word & (~0ull >> (64 - 8 * n))) | (uint64_t)n << 56;
            const uint64_t *bucket = terms_bucket(t, terms_home(t, key));
            grams[waiting].key = key;
            grams[waiting].bucket = bucket;
            __builtin_prefetch(bucket);
            waiting += n <= room;
        }
        if (waiting >= GRAMS_BATCH) {
            id_count += CPU(grams_find)(t, grams, waiting, limit, ids + id_count);
            waiting = 0;
        }
    }
    return id_count + CPU(grams_find)(t, grams, waiting, limit, ids + id_count);
}

static const Grams CPU(grams) = {CPU(grams_short)};
