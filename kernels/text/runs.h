/* Runs of a class in an ASCII text, found 64 characters at a time: a branch is taken for each run, none for a character. */
#ifndef PRETZEL_RUNS_H
#define PRETZEL_RUNS_H

#include <stdint.h>
#include <string.h>

/* Laid out as Text in frame.pxd. */
typedef struct {
    const uint8_t *at;
    int64_t length;
} Run;

/* The bits of up to 64 characters, one where `table`, which has 0 or 1 for each of 128 characters, says so. */
static inline uint64_t runs_members(const uint8_t *table, const uint8_t *text, int64_t length) {
    uint64_t members = 0;
    for (int64_t i = 0; i < length; i++) members |= (uint64_t)table[text[i] & 127] << i;
    return members;
}

/* Writes the runs of low..high characters as Texts, and perhaps one that does not count behind them; returns how many. */
static inline int64_t runs_find(
    const uint8_t *table, const uint8_t *text, int64_t length, int64_t low, int64_t high, void *out
) {
    uint64_t before = 0;
    int64_t found = 0;
    Run run = {NULL, 0};
    for (int64_t at = 0; at <= length; at += 64) { /* one beyond the text ends its last run */
        uint64_t members = runs_members(table, text + at, length - at < 64 ? length - at : 64);
        uint64_t edges = members ^ (members << 1 | before);
        before = members >> 63;
        for (; edges; edges &= edges - 1) {
            const uint8_t *here = text + at + __builtin_ctzll(edges);
            if (run.at) {
                run.length = here - run.at;
                memcpy((uint8_t *)out + found * (int64_t)sizeof run, &run, sizeof run);
                found += (run.length >= low) & (run.length <= high);
                here = NULL;
            }
            run.at = here;
        }
    }
    return found;
}

#endif
