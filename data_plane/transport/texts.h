/* Checks of packed texts: their UTF-8, as strict as Python's decoder, and that each text holds whole characters. */
#ifndef PRETZEL_TRANSPORT_TEXTS_H
#define PRETZEL_TRANSPORT_TEXTS_H

#include <stdint.h>
#include <string.h>

#define TEXTS_STEP 64 /* bytes that are tested for ASCII at once */

/* The bits of a step's bytes together.  Written so that compilers vectorize it. */
static inline uint8_t texts_bits(const uint8_t *p) {
    uint8_t bits = 0;
    for (int i = 0; i < TEXTS_STEP; i++) bits |= p[i];
    return bits;
}

/* The position of the first byte from `at` that is not ASCII, or `end`. */
static inline const uint8_t *texts_past_ascii(const uint8_t *at, const uint8_t *end) {
    while (end - at >= TEXTS_STEP && texts_bits(at) < 0x80) at += TEXTS_STEP;
    while (at < end && *at < 0x80) at++;
    return at;
}

static inline int texts_follows(uint8_t byte) { return (byte & 0xC0) == 0x80; }

/* The bytes of the character at `at` that is not ASCII; 0 if it is not UTF-8.  The second byte's range excludes
   overlong forms, surrogates, and what is above U+10FFFF. */
static inline int texts_character(const uint8_t *at, const uint8_t *end) {
    uint8_t first = at[0];
    int64_t left = end - at;
    if (first < 0xC2 || first > 0xF4 || left < 2 || !texts_follows(at[1])) return 0;
    if (first < 0xE0) return 2;
    if (left < 3 || !texts_follows(at[2])) return 0;
    if (first < 0xF0) return (first == 0xE0 && at[1] < 0xA0) || (first == 0xED && at[1] > 0x9F) ? 0 : 3;
    if (left < 4 || !texts_follows(at[3])) return 0;
    return (first == 0xF0 && at[1] < 0x90) || (first == 0xF4 && at[1] > 0x8F) ? 0 : 4;
}

/* 1 if all bytes are ASCII, 0 if they are other UTF-8, -1 if they are not UTF-8. */
static inline int texts_encoding(const uint8_t *at, int64_t length) {
    const uint8_t *end = at + length;
    at = texts_past_ascii(at, end);
    if (at == end) return 1;
    while (at < end) {
        int size = texts_character(at, end);
        if (size == 0) return -1;
        at += size;
        if (at < end && *at < 0x80) at = texts_past_ascii(at, end);
    }
    return 0;
}

/* The length of text i: 32 bits at any address. */
static inline uint32_t texts_length(const uint8_t *lengths, int64_t i) {
    uint32_t length;
    memcpy(&length, lengths + 4 * i, 4);
    return length;
}

/* Whether the lengths add up to `total`, so that each text is in the data. */
static inline int texts_fill(const uint8_t *lengths, int64_t count, int64_t total) {
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++) sum += texts_length(lengths, i);
    return sum == total;
}

/* Whether no text starts inside a character; data and lengths fit together. */
static inline int texts_are_whole(const uint8_t *data, const uint8_t *lengths, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        uint32_t length = texts_length(lengths, i);
        if (length && texts_follows(*data)) return 0;
        data += length;
    }
    return 1;
}

/* Whether the marks are 0, 1 or 2, and marked texts have no bytes. */
static inline int texts_may_miss(const uint8_t *missing, const uint8_t *lengths, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (missing[i] > 2 || (missing[i] && texts_length(lengths, i))) return 0;
    return 1;
}

#endif
