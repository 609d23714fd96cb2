/* The search for values of a row that could be among the smallest: the table of nearest_body.h. */
#ifndef PRETZEL_NEAREST_H
#define PRETZEL_NEAREST_H
#include <stdint.h>
#include <string.h>

enum { NEAREST_RUN = 16 };

typedef struct {
    /* Returns the start of the first run from x[i] on with a value below `top`, or of the rest after the last run.
     * Adds to `beyond` the number of values above `limit` in the runs passed. */
    int64_t (*f32)(const float *x, int64_t i, int64_t count, float top, float limit, int64_t *beyond);
    int64_t (*f64)(const double *x, int64_t i, int64_t count, double top, double limit, int64_t *beyond);
} NearestRuns;

#define CPU_BODY "neighbors/nearest_body.h"
#include "cpu_bodies.h"
CPU_TABLES(NearestRuns, nearest_runs)

#endif
