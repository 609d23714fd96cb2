/* Texts mapped character by character through a two-stage table: lower case, and texts without accents.

   An entry is 0 if the character stays, else (offset << 6 | length) + 1 of its replacement in a heap. */
#ifndef PRETZEL_MAPPING_H
#define PRETZEL_MAPPING_H

#include "utf8.h"

typedef struct {
    const uint16_t *index;
    const uint32_t *blocks;
    const uint8_t *heap;
} Mapping;

static inline uint32_t mapping_entry(const Mapping *m, uint32_t c) {
    return m->blocks[(uint32_t)m->index[c / TEXT_BLOCK] * TEXT_BLOCK + c % TEXT_BLOCK];
}

/* Writes the replacement of the character c, found at p, and returns its length; with out == NULL it only counts. */
static inline int64_t mapping_put(const Mapping *m, uint32_t c, const uint8_t *p, int size, uint8_t *out) {
    uint32_t entry = mapping_entry(m, c);
    if (entry) {
        p = m->heap + ((entry - 1) >> 6);
        size = (int)((entry - 1) & 63);
    }
    if (out)
        for (int i = 0; i < size; i++) out[i] = p[i];
    return size;
}

/* Maps a whole text; with out == NULL it only counts. */
static inline int64_t mapping_text(const Mapping *m, const uint8_t *p, int64_t length, uint8_t *out) {
    const uint8_t *end = p + length;
    int64_t written = 0;
    int size;
    for (; p < end; p += size) {
        uint32_t c = utf8_at(p, end, &size);
        written += mapping_put(m, c, p, size, out ? out + written : out);
    }
    return written;
}

#endif
