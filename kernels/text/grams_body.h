/* Looks up all n-grams of low..high <= 7 bytes of a text of `length` bytes, of which seven more are readable; with
   `words` only those that hold no space but at their ends, for low >= 2.  Returns how many of them have an id. */
static int64_t CPU(grams_short)(
    const Terms *t, const uint8_t *text, int64_t length, int low, int high, int words, uint32_t limit, uint32_t *ids
) {
    Gram grams[GRAMS_BATCH + 8];
    int64_t found = 0, waiting = 0, room = 0;
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
            found += grams_find(t, grams, waiting, limit, ids + found);
            waiting = 0;
        }
    }
    return found + grams_find(t, grams, waiting, limit, ids + found);
}

static const Grams CPU(grams) = {CPU(grams_short)};
