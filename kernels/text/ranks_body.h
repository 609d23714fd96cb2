/* Writes the distinct ids in ascending order, and in counts how often each occurs; returns their number.
   `occurrences` is overwritten; `ids` has room for RANKS_ROOM more. */
static int64_t CPU(ranks_count)(Ranks *r, uint32_t *occurrences, int64_t length, int32_t *ids, int32_t *counts) {
    int64_t again = 0;
    for (int64_t k = 0; k < length; k++) {
        uint32_t id = occurrences[k];
        occurrences[again] = id;
        again += ranks_add(r, id);
    }
    int64_t distinct = ranks_list(r, ids);
    for (int64_t k = 0; k < distinct; k++) counts[k] = 1;
    for (int64_t k = 0; k < again; k++) counts[ranks_of(r, occurrences[k])]++;
    return distinct;
}

static const Counting CPU(counting) = {CPU(ranks_count)};
