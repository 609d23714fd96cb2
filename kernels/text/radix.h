/* Radix sort of 32-bit keys, ascending, one byte at a time; bytes in which all keys agree cost one look. */
#ifndef PRETZEL_RADIX_H
#define PRETZEL_RADIX_H

#include <stdint.h>
#include <string.h>

#define RADIX_FEW 48 /* keys that are sorted faster by insertion */

static inline void radix_insert(uint32_t *keys, int64_t count) {
    for (int64_t i = 1; i < count; i++) {
        uint32_t key = keys[i];
        int64_t k = i;
        for (; k > 0 && keys[k - 1] > key; k--) keys[k] = keys[k - 1];
        keys[k] = key;
    }
}

static inline void radix_pass(const uint32_t *keys, uint32_t *to, int64_t count, int64_t *places, int shift) {
    int64_t at = 0;
    for (int digit = 0; digit < 256; digit++) {
        int64_t here = places[digit];
        places[digit] = at;
        at += here;
    }
    for (int64_t k = 0; k < count; k++) to[places[keys[k] >> shift & 255]++] = keys[k];
}

/* Sorts keys with the help of as much other memory; returns the one of the two that holds the result. */
static inline uint32_t *radix_sort(uint32_t *keys, uint32_t *other, int64_t count) {
    int64_t places[4][256];
    if (count <= RADIX_FEW) {
        radix_insert(keys, count);
        return keys;
    }
    memset(places, 0, sizeof places);
    for (int64_t k = 0; k < count; k++)
        for (int digit = 0; digit < 4; digit++) places[digit][keys[k] >> 8 * digit & 255]++;
    for (int digit = 0; digit < 4; digit++) {
        if (places[digit][keys[0] >> 8 * digit & 255] == count) continue;
        radix_pass(keys, other, count, places[digit], 8 * digit);
        uint32_t *held = keys;
        keys = other;
        other = held;
    }
    return keys;
}

#endif
