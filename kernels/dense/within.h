/* The search for numbers outside bounds: the table of within_body.h. */
#ifndef PRETZEL_WITHIN_H
#define PRETZEL_WITHIN_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Returns the start of the first run of RUN numbers, from x on, with one outside -limit..limit (as NaN is), or n. */
typedef struct {
    int64_t (*f32)(const float *x, int64_t n, float limit);
    int64_t (*f64)(const double *x, int64_t n, double limit);
} Within;

#define RUN 64

#define CPU_BODY "dense/within_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Within, within)

#endif
