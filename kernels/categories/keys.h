/* The hash of a category's key.  Stored tables are probed with it, so it must never change. */
#ifndef PRETZEL_KEYS_H
#define PRETZEL_KEYS_H

#include <stdint.h>
#include <string.h>

#define KEYS_ODD UINT64_C(0x9E3779B97F4A7C15)

static inline uint64_t keys_mix(uint64_t h, uint64_t word) {
    h = (h ^ word) * KEYS_ODD;
    return h ^ (h >> 32);
}

static inline uint64_t keys_hash_number(uint64_t bits) { return keys_mix(keys_mix(KEYS_ODD, bits), 0); }

/* Eight bytes at a time, little-endian; the length is hashed first, so that padding with zeros cannot collide. */
static inline uint64_t keys_hash_text(const char *at, int64_t length) {
    uint64_t h = keys_mix(KEYS_ODD, (uint64_t)length), word;
    for (; length >= 8; at += 8, length -= 8) {
        memcpy(&word, at, 8);
        h = keys_mix(h, word);
    }
    if (length > 0) {
        word = 0;
        memcpy(&word, at, (size_t)length);
        h = keys_mix(h, word);
    }
    return keys_mix(h, 0);
}

/* Zeros of both signs are one key. */
static inline uint64_t keys_bits(double x) {
    uint64_t bits;
    x += 0.0;
    memcpy(&bits, &x, 8);
    return bits;
}

#endif
