/* MurmurHash3 (Austin Appleby), 32-bit, for any length: scikit-learn's hash of feature names. */
#ifndef PRETZEL_MURMUR3_H
#define PRETZEL_MURMUR3_H

#include <stdint.h>
#include <string.h>

static inline uint32_t murmur3_rotate(uint32_t x, int by) { return x << by | x >> (32 - by); }

static inline uint32_t murmur3_scramble(uint32_t k) { return murmur3_rotate(k * 0xCC9E2D51u, 15) * 0x1B873593u; }

/* The hash of `length` bytes, with seed 0, as scikit-learn's signed number. */
static inline int32_t murmur3(const uint8_t *p, int64_t length) {
    uint32_t hash = 0, word;
    int64_t i = 0;
    for (; i + 4 <= length; i += 4) {
        memcpy(&word, p + i, 4);
        hash = murmur3_rotate(hash ^ murmur3_scramble(word), 13) * 5 + 0xE6546B64u;
    }
    word = 0;
    for (int64_t k = length - 1; k >= i; k--) word = word << 8 | p[k];
    hash ^= murmur3_scramble(word) ^ (uint32_t)length;
    hash = (hash ^ hash >> 16) * 0x85EBCA6Bu;
    hash = (hash ^ hash >> 13) * 0xC2B2AE35u;
    return (int32_t)(hash ^ hash >> 16);
}

/* The column of a hash among `width` <= 2**31 - 1: its magnitude modulo the width.  The magnitude of the smallest
   number does not fit 32 bits; scikit-learn takes (2**31 - 1 - (width - 1)) % width, which equals 2**31 % width. */
static inline uint32_t murmur3_column(int32_t hash, uint32_t width) {
    return (hash < 0 ? 0u - (uint32_t)hash : (uint32_t)hash) % width;
}

#endif
