/* A dictionary of terms laid out for few cache misses: one bucket, one cache line, answers nearly every look-up.

   A table is rows of eight 64-bit words.  Row 0 is the header.  Every other row is a bucket of five slots:

       words 0..4      keys; 0 marks an empty slot
       words 5..7      six 32-bit halves: the target of each key, and how many buckets further keys of this home may be

   The key of a term of up to seven bytes is the term itself with its length in the top byte, or eight there if it is
   empty: equal keys are equal terms, and the half is the term's id.  A longer term has 56 bits of its hash under a top
   byte of 0xFF, and the half is the offset (in units of four bytes) of {u32 id, u32 length, bytes} in the heap: those
   bytes distinguish terms that collide.  Keys that do not fit their home bucket are in the next with room.  Whatever
   the bytes of a table are, no look-up reads outside the table and the heap, nor visits more than TERMS_REACH further
   buckets. */
#ifndef PRETZEL_TERMS_H
#define PRETZEL_TERMS_H

#include <stdint.h>
#include <string.h>

#define TERMS_MAGIC 0x31534D5245545250ull /* "PRTERMS1" */
#define TERMS_SLOTS 5
#define TERMS_ROW 8
#define TERMS_REACH 64
#define TERMS_SHORT 7
#define TERMS_HASH_BITS 56
#define TERMS_LONG 0xFF00000000000000ull
#define TERMS_EMPTY 0x0800000000000000ull
#define TERMS_NONE ((int64_t)-1)

typedef struct {
    uint64_t *rows; /* the buckets, without the header */
    uint64_t buckets, seed, hash_mask;
    uint8_t *heap;
    uint64_t heap_size;
} Terms;

static inline uint64_t terms_load(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, 8);
    return word;
}

/* The up to seven bytes at p, padded with zeros; no other bytes are read. */
static inline uint64_t terms_word(const uint8_t *p, int64_t length) {
    uint32_t low, high;
    uint16_t two;
    if (length >= 4) {
        memcpy(&low, p, 4);
        memcpy(&high, p + length - 4, 4);
        return low | (uint64_t)high << 8 * (length - 4);
    }
    if (length < 2) return length == 1 ? p[0] : 0;
    memcpy(&two, p, 2);
    return two | (uint64_t)p[length - 1] << 8 * (length - 1);
}

/* Copies the bytes of a token, of which most have less than sixteen; up to seven more are written. */
static inline void terms_copy(uint8_t *to, const uint8_t *p, int64_t length) {
    uint64_t word;
    if (length < 8) {
        word = terms_word(p, length);
        memcpy(to, &word, 8);
        return;
    }
    for (int64_t i = 0; i + 8 < length; i += 8) memcpy(to + i, p + i, 8);
    memcpy(to + length - 8, p + length - 8, 8);
}

static inline uint64_t terms_fold(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The key of a term of 1..7 bytes; eight bytes at p must be readable. */
static inline uint64_t terms_short_key(const uint8_t *p, int64_t length) {
    return (terms_load(p) & (~0ull >> (64 - 8 * length))) | (uint64_t)length << 56;
}

/* The key of a term of eight bytes or more. */
static inline uint64_t terms_long_key(const Terms *t, const uint8_t *p, int64_t length) {
    uint64_t hash = (uint64_t)length * 0x9E3779B97F4A7C15ull;
    for (int64_t i = 0; i + 8 < length; i += 8)
        hash = terms_fold(hash ^ terms_load(p + i) ^ 0x2D358DCCAA6C78A5ull, 0x8BB84B93962EACC9ull);
    hash = terms_fold(hash ^ terms_load(p + length - 8), 0x4B33A62ED433D4A3ull);
    return (hash & t->hash_mask) | TERMS_LONG;
}

/* The key of a term; bytes up to p + 7 must be readable. */
static inline uint64_t terms_key(const Terms *t, const uint8_t *p, int64_t length) {
    if (length == 0) return TERMS_EMPTY;
    return length <= TERMS_SHORT ? terms_short_key(p, length) : terms_long_key(t, p, length);
}

/* The home bucket of a key. */
static inline uint64_t terms_home(const Terms *t, uint64_t key) {
    uint64_t hash = terms_fold(key ^ t->seed, 0xD6E8FEB86659FD93ull);
    return (uint64_t)((unsigned __int128)hash * t->buckets >> 64);
}

static inline const uint64_t *terms_bucket(const Terms *t, uint64_t i) { return t->rows + i * TERMS_ROW; }

static inline uint32_t terms_half(const uint64_t *bucket, int slot) {
    uint32_t half;
    memcpy(&half, (const uint8_t *)(bucket + TERMS_SLOTS) + 4 * slot, 4);
    return half;
}

static inline uint32_t terms_spill(const uint64_t *bucket) {
    uint32_t spill = terms_half(bucket, TERMS_SLOTS);
    return spill < TERMS_REACH ? spill : TERMS_REACH;
}

/* The slots of a bucket that hold the key, one bit each. */
static inline unsigned terms_hits(const uint64_t *bucket, uint64_t key) {
    return (unsigned)(bucket[0] == key) | (unsigned)(bucket[1] == key) << 1 | (unsigned)(bucket[2] == key) << 2 |
           (unsigned)(bucket[3] == key) << 3 | (unsigned)(bucket[4] == key) << 4;
}

/* Returns whether two stretches of eight bytes or more are equal; read as in terms_long_key, so that branches agree. */
static inline int terms_equal(const uint8_t *a, const uint8_t *b, int64_t length) {
    uint64_t differ = 0;
    for (int64_t i = 0; i + 8 < length; i += 8) differ |= terms_load(a + i) ^ terms_load(b + i);
    return !(differ | (terms_load(a + length - 8) ^ terms_load(b + length - 8)));
}

/* The id of the long term in the heap at `half`, if its bytes are those at p. */
static inline int64_t terms_verify(const Terms *t, uint32_t half, const uint8_t *p, int64_t length) {
    uint64_t at = (uint64_t)half * 4;
    uint32_t record[2];
    if (at + 8 + (uint64_t)length > t->heap_size) return TERMS_NONE;
    memcpy(record, t->heap + at, 8);
    if (record[1] != (uint64_t)length || !terms_equal(t->heap + at + 8, p, length)) return TERMS_NONE;
    return record[0];
}

/* Prefetches the memory read once a key is found in its bucket: for a long term, its record in the heap. */
static inline void terms_prefetch(const Terms *t, uint64_t key, uint64_t home) {
    const uint64_t *bucket = terms_bucket(t, home);
    unsigned hits = terms_hits(bucket, key) & (0 - (unsigned)(key >= TERMS_LONG));
    if (hits) __builtin_prefetch(t->heap + (uint64_t)terms_half(bucket, __builtin_ctz(hits)) * 4);
}

/* The id that a bucket gives for a key, long ones verified against the bytes at p. */
static inline int64_t terms_in_bucket(
    const Terms *t, const uint64_t *bucket, uint64_t key, const uint8_t *p, int64_t length
) {
    unsigned hits = terms_hits(bucket, key);
    if (key < TERMS_LONG) return hits ? terms_half(bucket, __builtin_ctz(hits)) : TERMS_NONE;
    for (; hits; hits &= hits - 1) {
        int64_t id = terms_verify(t, terms_half(bucket, __builtin_ctz(hits)), p, length);
        if (id != TERMS_NONE) return id;
    }
    return TERMS_NONE;
}

/* The id of the term with that key and home, whose bytes are at p, or TERMS_NONE. */
static inline int64_t terms_find(const Terms *t, uint64_t key, uint64_t home, const uint8_t *p, int64_t length) {
    const uint64_t *bucket = terms_bucket(t, home);
    int64_t id = terms_in_bucket(t, bucket, key, p, length);
    uint32_t left = terms_spill(bucket);
    for (uint64_t i = home; __builtin_expect(id == TERMS_NONE && left, 0); left--) {
        i = i + 1 < t->buckets ? i + 1 : 0;
        id = terms_in_bucket(t, terms_bucket(t, i), key, p, length);
    }
    return id;
}

/* Inserts a key with that home into the first bucket with room; false if none is within reach. */
static inline int terms_insert(Terms *t, uint64_t key, uint32_t half) {
    uint64_t home = terms_home(t, key), i = home;
    for (uint32_t spill = 0; spill <= TERMS_REACH && spill < t->buckets; spill++) {
        uint64_t *bucket = t->rows + i * TERMS_ROW;
        unsigned room = terms_hits(bucket, 0);
        if (room) {
            int slot = __builtin_ctz(room);
            bucket[slot] = key;
            memcpy((uint8_t *)(bucket + TERMS_SLOTS) + 4 * slot, &half, 4);
            uint64_t *first = t->rows + home * TERMS_ROW;
            if (spill > terms_half(first, TERMS_SLOTS))
                memcpy((uint8_t *)(first + TERMS_SLOTS) + 4 * TERMS_SLOTS, &spill, 4);
            return 1;
        }
        i = i + 1 < t->buckets ? i + 1 : 0;
    }
    return 0;
}

/* Reads the header of a table of `rows` rows; false if it is not valid. */
static inline int terms_open(Terms *t, uint64_t *table, uint64_t rows, uint8_t *heap, uint64_t heap_size) {
    if (rows < 2 || table[0] != TERMS_MAGIC || table[1] != rows - 1) return 0;
    t->rows = table + TERMS_ROW;
    t->buckets = table[1];
    t->seed = table[2];
    t->hash_mask = table[3] & ~TERMS_LONG;
    t->heap = heap;
    t->heap_size = heap_size;
    return 1;
}

#endif
