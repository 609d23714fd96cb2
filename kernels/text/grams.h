/* The fast path for n-grams: ASCII texts and n-grams of at most seven bytes, without branches that depend on the text.

   A text is rewritten as in rows.pxd, then read from its end: each position needs one load, and each n a mask. */
#ifndef PRETZEL_GRAMS_H
#define PRETZEL_GRAMS_H

#include "terms.h"
#include "cpu.h"

#if CPU_HAS_LEVELS
#include <immintrin.h>
#endif

#define GRAMS_BATCH 256 /* look-ups started before the first is finished */

typedef struct {
    uint64_t key;
    const uint64_t *bucket;
} Gram;

/* Returns whether an ASCII character is white space. */
static inline int grams_is_space(uint8_t c) { return (c == ' ') | ((uint8_t)(c - 9) < 5) | ((uint8_t)(c - 28) < 4); }

#define GRAMS_LOT 16 /* bytes examined together */

/* Returns whether the space of 16 characters, if any, is plain and follows none: such are copied unchanged. */
static inline int grams_are_plain(const uint8_t *text, uint8_t before) {
    uint8_t odd = (before == ' ') & (text[0] == ' ');
    for (int i = 0; i < GRAMS_LOT; i++) odd |= text[i] < ' ';
    for (int i = 1; i < GRAMS_LOT; i++) odd |= (text[i] == ' ') & (text[i - 1] == ' ');
    return !odd;
}

/* Writes an ASCII text with a space at both ends and one for each run of white space between; returns its length. */
static inline int64_t grams_write_padded(const uint8_t *text, int64_t length, uint8_t *out) {
    int64_t k = 1, i = 0;
    out[0] = ' ';
    while (i < length) {
        int64_t stop = i + GRAMS_LOT < length ? i + GRAMS_LOT : length;
        if (stop - i == GRAMS_LOT && grams_are_plain(text + i, out[k - 1])) {
            memcpy(out + k, text + i, GRAMS_LOT);
            k += GRAMS_LOT;
            i = stop;
        }
        for (; i < stop; i++) {
            int space = grams_is_space(text[i]);
            out[k] = space ? ' ' : text[i];
            k += !(space & (out[k - 1] == ' '));
        }
    }
    out[k] = ' ';
    return k + (out[k - 1] != ' ');
}

/* Writes an ASCII text with one space for each run of two or more white-space characters; returns its length. */
static inline int64_t grams_write_collapsed(const uint8_t *text, int64_t length, uint8_t *out) {
    int64_t k = 0;
    int before = 0;
    for (int64_t i = 0; i < length; i++) {
        uint8_t c = text[i];
        int space = grams_is_space(c), again = space & before;
        out[k - again] = again ? ' ' : c;
        k += !again;
        before = space;
    }
    return k;
}

typedef struct {
    int64_t (*short_ones)(
        const Terms *t, const uint8_t *text, int64_t length, int low, int high, int words, uint32_t limit, uint32_t *ids
    );
} Grams;

#define CPU_BODY "text/grams_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Grams, grams)

#endif
