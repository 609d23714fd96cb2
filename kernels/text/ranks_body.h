/* Writes the distinct ids in ascending order, and in counts how often each was found; returns how many they are.
   Both have room for three more. */
static int64_t CPU(ranks_count)(Ranks *r, const uint32_t *found, int64_t length, int32_t *ids, int32_t *counts) {
    for (int64_t k = 0; k < length; k++) ranks_add(r, found[k]);
    int64_t distinct = ranks_list(r, ids);
    memset(counts, 0, (size_t)distinct * 4);
    for (int64_t k = 0; k < length; k++) counts[ranks_of(r, found[k])]++;
    return distinct;
}

static const Counting CPU(counting) = {CPU(ranks_count)};
