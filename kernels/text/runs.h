/* Runs of a class in an ASCII text, 64 characters at a time: one branch per run, none per character. */
#ifndef PRETZEL_RUNS_H
#define PRETZEL_RUNS_H

#include <stdint.h>
#include <string.h>

#include "cpu.h"

#if CPU_HAS_LEVELS
#include <immintrin.h>
#endif

/* Laid out as Text in frame.pxd. */
typedef struct {
    const uint8_t *at;
    int64_t length;
} Run;

/* A class of ASCII characters: the rows of 16 characters that hold a member, by the lower four bits of a character. */
typedef struct {
    uint8_t columns[16];
} Members;

static inline void runs_add(Members *members, int c) { members->columns[c & 15] |= (uint8_t)(1 << (c >> 4)); }

typedef struct {
    int64_t (*find)(const Members *members, const uint8_t *text, int64_t length, int64_t low, int64_t high, void *out);
} Runs;

#define CPU_BODY "text/runs_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Runs, runs)

#endif
