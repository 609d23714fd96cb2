/* Ids counted and put in ascending order without sorting: a set of bits over all ids, in two levels, ranks them.

   Only the small upper level is ever cleared, so that a row costs its own ids and width / 4096, whatever the width. */
#ifndef PRETZEL_RANKS_H
#define PRETZEL_RANKS_H

#include <stdint.h>
#include <string.h>

typedef struct {
    uint64_t bits;   /* which of 64 ids are present; means something only where the upper level says so */
    uint64_t before; /* distinct ids below these */
} RanksWord;

typedef struct {
    RanksWord *words;
    uint64_t *upper; /* which words are in use */
    int64_t uppers;
} Ranks;

static inline int64_t ranks_bytes(int64_t width) {
    int64_t words = width / 64 + 1;
    return words * (int64_t)sizeof(RanksWord) + (words / 64 + 1) * 8;
}

/* Makes an empty set of ids below width in that much memory. */
static inline void ranks_open(Ranks *r, void *memory, int64_t width) {
    int64_t words = width / 64 + 1;
    r->words = (RanksWord *)memory;
    r->upper = (uint64_t *)(r->words + words);
    r->uppers = words / 64 + 1;
    memset(r->upper, 0, (size_t)r->uppers * 8);
}

static inline void ranks_add(Ranks *r, uint32_t id) {
    uint32_t word = id >> 6;
    uint64_t *upper = &r->upper[word >> 6], used = *upper >> (word & 63) & 1;
    r->words[word].bits = (r->words[word].bits & (0 - used)) | 1ull << (id & 63);
    *upper |= 1ull << (word & 63);
}

static inline unsigned ranks_ones(uint64_t x) {
    x -= x >> 1 & 0x5555555555555555ull;
    x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Full;
    return (unsigned)(x * 0x0101010101010101ull >> 56);
}

/* Writes the ids of one word from ids on, four at a time so that few branches depend on how many there are. */
static inline int64_t ranks_list_word(uint64_t bits, int32_t first, int32_t *ids) {
    int64_t count = ranks_ones(bits);
    for (int64_t k = 0; k < count; k += 4)
        for (int j = 0; j < 4; j++) {
            ids[k + j] = first + __builtin_ctzll(bits | 1ull << 63);
            bits &= bits - 1;
        }
    return count;
}

/* Writes the ids present in ascending order, remembers their ranks, and empties the upper level; returns how many.
   There is room for three more. */
static inline int64_t ranks_list(Ranks *r, int32_t *ids) {
    int64_t made = 0;
    for (int64_t u = 0; u < r->uppers; u++) {
        for (uint64_t used = r->upper[u]; used; used &= used - 1) {
            int64_t word = u * 64 + __builtin_ctzll(used);
            r->words[word].before = (uint64_t)made;
            made += ranks_list_word(r->words[word].bits, (int32_t)(word * 64), ids + made);
        }
        r->upper[u] = 0;
    }
    return made;
}

/* The place of an id among those that ranks_list wrote. */
static inline int64_t ranks_of(const Ranks *r, uint32_t id) {
    const RanksWord *word = &r->words[id >> 6];
    return (int64_t)word->before + ranks_ones(word->bits & ((1ull << (id & 63)) - 1));
}

typedef struct {
    int64_t (*count)(Ranks *r, const uint32_t *found, int64_t length, int32_t *ids, int32_t *counts);
} Counting;

#define CPU_BODY "text/ranks_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Counting, counting)

#endif
