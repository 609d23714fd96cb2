/* Writes the distinct ids in ascending order, and in counts how often each was found; returns how many they are.
   `found` is left with other contents; `ids` has room for RANKS_ROOM more. */
static int64_t CPU(ranks_count)(Ranks *r, uint32_t *found, int64_t length, int32_t *ids, int32_t *counts) {
    int64_t again = 0;
    for (int64_t k = 0; k < length; k++) {
        uint32_t id = found[k];
        found[again] = id;
        again += ranks_add(r, id);
    }
    int64_t distinct = ranks_list(r, ids);
    for (int64_t k = 0; k < distinct; k++) counts[k] = 1;
    for (int64_t k = 0; k < again; k++) counts[ranks_of(r, found[k])]++;
    return distinct;
}

static const Counting CPU(counting) = {CPU(ranks_count)};
