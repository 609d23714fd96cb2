/* Weights in compact form: half precision, widened as they are used, and no storage for columns without weights. */
#ifndef PRETZEL_COMPACT_H
#define PRETZEL_COMPACT_H

#include <stdint.h>
#include <string.h>

/* The float32 with the value of a finite IEEE half.  Exponents of halves are biased by 112 less than those of floats,
 * so the bits are shifted into place and multiplied by 2^112, which is right for subnormal halves too. */
static inline float compact_half(uint16_t half) {
    const uint32_t size = (uint32_t)(half & 0x7fff) << 13;
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t bits;
    float value;
    memcpy(&value, &size, sizeof value);
    value *= 0x1p112f;
    memcpy(&bits, &value, sizeof bits);
    bits |= sign;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline int64_t compact_ones(uint64_t x) {
    x -= x >> 1 & 0x5555555555555555ull;
    x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
    x = (x + (x >> 4)) & 0x0F0F0F0F0F0F0F0Full;
    return (int64_t)(x * 0x0101010101010101ull >> 56);
}

/* The row of weights of a column, or -1.  `kept` holds two words per 64 columns: which of them have weights, and how
 * many columns with weights come before them; NULL if all have weights. */
static inline int64_t compact_place(const uint64_t *kept, int64_t column) {
    uint64_t bits, below;
    if (!kept) return column;
    bits = kept[(column >> 6) * 2];
    below = (1ull << (column & 63)) - 1;
    if (!(bits >> (column & 63) & 1)) return -1;
    return (int64_t)kept[(column >> 6) * 2 + 1] + compact_ones(bits & below);
}

#endif
