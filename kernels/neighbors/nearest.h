/* Which of a row's values could be among the smallest: what nearest_body.h makes for each instruction set. */
#ifndef PRETZEL_NEAREST_H
#define PRETZEL_NEAREST_H
#include <stdint.h>
#include <string.h>

enum { NEAREST_RUN = 16 };

typedef struct {
    /* The start of the first run from x[i] on with a value below `top`; where there is none, what is left after the last
     * whole run.  Adds to `beyond` how many values of the runs passed lie above `limit`. */
    int64_t (*f32)(const float *x, int64_t i, int64_t count, float top, float limit, int64_t *beyond);
    int64_t (*f64)(const double *x, int64_t i, int64_t count, double top, double limit, int64_t *beyond);
} NearestRuns;

#define CPU_BODY "neighbors/nearest_body.h"
#include "cpu_bodies.h"
CPU_TABLES(NearestRuns, nearest_runs)

#endif
