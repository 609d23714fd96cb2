/* The search for rows with numbers beyond the limits of their column: the table of beyond_body.h. */
#ifndef PRETZEL_BEYOND_H
#define PRETZEL_BEYOND_H
#include <stdint.h>
#include <string.h>

/* Returns the start of the first GROUP of rows with a number outside low..high of its column (as NaN is), or rows. */
typedef struct {
    int64_t (*first)(const double *x, int64_t rows, int64_t width, const double *low, const double *high);
} Beyond;

#define GROUP 16

#define CPU_BODY "fused/beyond_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Beyond, beyond)

#endif
