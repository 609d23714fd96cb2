/* Dense rows times weights, in two forms that each fix the order of every sum; compiled as in cpu.h.
 *
 *   dots   few sums per row: weights [k][width], each sum in eight lanes (column j goes to lane j % 8), then the lanes
 *          in pairs, then the tail
 *   tiles  many sums per row: weights [width][k] and bias [k], both padded to a multiple of eight, each sum in the
 *          order of the columns
 *
 * A row's result depends on that row alone: rows and sums computed together only share loads.  Twelve registers of the
 * machine's width hold sums; wider vectors would spill to the stack. */
#define NATIVE (CPU_LEVEL == CPU_AVX512 ? 64 : CPU_LEVEL == CPU_AVX2 ? 32 : 16)
#define VECTOR(TYPE, BYTES, NAME) typedef TYPE CPU(NAME) __attribute__((vector_size(BYTES)))
/* The type of eight lanes, or of an even part of them; and as many floats as doubles in one. */
VECTOR(float, NATIVE < 32 ? NATIVE : 32, f32_part);
VECTOR(double, NATIVE, f64_part);
VECTOR(float, NATIVE / 2, f32_half);

#define X float
#define W float
#define LOADED CPU(f32_part)
#define PART CPU(f32_part)
#define TYPES f32
#include "dense/products_of_types.h"

#define X double
#define W double
#define LOADED CPU(f64_part)
#define PART CPU(f64_part)
#define TYPES f64
#include "dense/products_of_types.h"

#define X float
#define W double
#define LOADED CPU(f32_half)
#define PART CPU(f64_part)
#define TYPES f32_f64
#include "dense/products_of_types.h"

static const Products CPU(products) = {
    .dots = {{CPU(dots_f64), NULL}, {CPU(dots_f32_f64), CPU(dots_f32)}},
    .tiles = {{CPU(tiles_f64), NULL}, {CPU(tiles_f32_f64), CPU(tiles_f32)}},
};
#undef NATIVE
#undef VECTOR
