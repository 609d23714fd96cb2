/* A reader of UTF-8, one character at a time.  Texts are valid, but no bytes can send a reader out of bounds. */
#ifndef PRETZEL_UTF8_H
#define PRETZEL_UTF8_H

#include <stdint.h>
#include <string.h>

#define TEXT_BLOCK 128 /* code points in a block of a two-stage table */
#define TEXT_INDEX_LENGTH (0x110000 / TEXT_BLOCK)

/* The character at p < end, and in *size its length in bytes.  A stray byte counts as one character. */
static inline uint32_t utf8_at(const uint8_t *p, const uint8_t *end, int *size) {
    uint32_t c = p[0];
    *size = 1;
    if (c < 0x80) return c;
    if (c >= 0xC0 && c < 0xE0 && end - p >= 2) {
        *size = 2;
        return (c & 0x1F) << 6 | (p[1] & 0x3F);
    }
    if (c >= 0xE0 && c < 0xF0 && end - p >= 3) {
        *size = 3;
        return (c & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    }
    if (c >= 0xF0 && end - p >= 4) {
        *size = 4;
        c = (c & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 | (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
        return c < 0x110000 ? c : 0xFFFD;
    }
    return 0xFFFD;
}

/* The character that ends before p > start. */
static inline uint32_t utf8_before(const uint8_t *p, const uint8_t *start, int *size) {
    const uint8_t *at = p - 1;
    while (at > start && p - at < 4 && (*at & 0xC0) == 0x80) at--;
    uint32_t c = utf8_at(at, p, size);
    *size = (int)(p - at);
    return c;
}

/* The bits of all bytes together: below 0x80 if the text is ASCII.  Written so that compilers vectorize it. */
static inline uint8_t utf8_bits(const uint8_t *p, int64_t length) {
    uint8_t bits = 0;
    for (int64_t i = 0; i < length; i++) bits |= p[i];
    return bits;
}

static inline int utf8_is_ascii(const uint8_t *p, int64_t length) { return utf8_bits(p, length) < 0x80; }

#endif
