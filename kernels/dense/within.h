/* Whether runs of numbers lie within bounds: what within_body.h makes for each instruction set. */
#ifndef PRETZEL_WITHIN_H
#define PRETZEL_WITHIN_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The start of the first run of RUN numbers, from x on, with one that is not within -limit..limit, as NaN never is; n where
 * there is none. */
typedef struct {
    int64_t (*f32)(const float *x, int64_t n, float limit);
    int64_t (*f64)(const double *x, int64_t n, double limit);
} Within;

#define RUN 64

#define CPU_BODY "dense/within_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Within, within)

#endif
