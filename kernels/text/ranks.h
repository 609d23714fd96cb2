/* Ids counted and listed in ascending order without sorting: a two-level bit set over all ids ranks them.

   Only the small upper level, a byte for 64 ids, is cleared, so that a row costs its own ids and width / 512 bytes.
   It is bytes because bytes are written without being read: setting one bit of a word would wait for the last one. */
#ifndef PRETZEL_RANKS_H
#define PRETZEL_RANKS_H

#include <stdint.h>
#include <string.h>

#define RANKS_ROOM 2 /* ids that may be written past the last */

typedef struct {
    uint64_t bits;   /* which of 64 ids are present; valid only if the upper level is set */
    uint64_t before; /* distinct ids below these */
} RanksWord;

typedef struct {
    RanksWord *words;
    uint8_t *upper; /* 1 for each word in use */
    int64_t uppers; /* a multiple of 64 */
} Ranks;

static inline int64_t ranks_uppers(int64_t width) { return (width / 4096 + 1) * 64; }

static inline int64_t ranks_bytes(int64_t width) { return ranks_uppers(width) * ((int64_t)sizeof(RanksWord) + 1); }

/* The set of ids below width in that memory. */
static inline Ranks ranks_at(void *memory, int64_t width) {
    RanksWord *words = (RanksWord *)memory;
    int64_t uppers = ranks_uppers(width);
    return (Ranks){words, (uint8_t *)(words + uppers), uppers};
}

/* Makes an empty set. */
static inline void ranks_open(void *memory, int64_t width) {
    Ranks r = ranks_at(memory, width);
    memset(r.upper, 0, (size_t)r.uppers);
}

/* Adds an id; returns whether it was present. */
static inline int ranks_add(Ranks *r, uint32_t id) {
    RanksWord *word = &r->words[id >> 6];
    uint64_t bit = 1ull << (id & 63), bits = word->bits & (0 - (uint64_t)r->upper[id >> 6]);
    word->bits = bits | bit;
    r->upper[id >> 6] = 1;
    return (bits & bit) != 0;
}

static inline unsigned ranks_ones(uint64_t x) {
    x -= x >> 1 & 0x5555555555555555ull;
    x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Full;
    return (unsigned)(x * 0x0101010101010101ull >> 56);
}

/* Writes the ids of one word from ids on, three at a time to reduce branches that depend on their number. */
static inline int64_t ranks_list_word(uint64_t bits, int32_t first, int32_t *ids) {
    int64_t count = ranks_ones(bits);
    for (int64_t k = 0; k < count; k += 1 + RANKS_ROOM)
        for (int j = 0; j < 1 + RANKS_ROOM; j++) {
            ids[k + j] = first + __builtin_ctzll(bits | 1ull << 63);
            bits &= bits - 1;
        }
    return count;
}

/* Returns which of 64 words are in use, one bit each. */
static inline uint64_t ranks_used(const uint8_t *upper) {
    uint64_t used = 0, eight;
    for (int i = 0; i < 64; i += 8) {
        memcpy(&eight, upper + i, 8);
        used |= (eight * 0x0102040810204080ull >> 56) << i;
    }
    return used;
}

/* Writes the ids present in ascending order, stores their ranks, and empties the upper level; returns their number. */
static inline int64_t ranks_list(Ranks *r, int32_t *ids) {
    int64_t listed = 0;
    for (int64_t first = 0; first < r->uppers; first += 64) {
        for (uint64_t used = ranks_used(r->upper + first); used; used &= used - 1) {
            int64_t word = first + __builtin_ctzll(used);
            r->words[word].before = (uint64_t)listed;
            listed += ranks_list_word(r->words[word].bits, (int32_t)(word * 64), ids + listed);
        }
        memset(r->upper + first, 0, 64);
    }
    return listed;
}

/* The place of an id in the output of ranks_list. */
static inline int64_t ranks_of(const Ranks *r, uint32_t id) {
    const RanksWord *word = &r->words[id >> 6];
    return (int64_t)word->before + ranks_ones(word->bits & ((1ull << (id & 63)) - 1));
}

typedef struct {
    int64_t (*count)(Ranks *r, uint32_t *occurrences, int64_t length, int32_t *ids, int32_t *counts);
} Counting;

#define CPU_BODY "text/ranks_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Counting, counting)

#endif
