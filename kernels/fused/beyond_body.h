/* The search of beyond.h for one instruction set: a group of rows is tested as a whole, without branches. */
#define NATIVE (CPU_LEVEL == CPU_AVX512 ? 64 : CPU_LEVEL == CPU_AVX2 ? 32 : 16)
#define LANES (NATIVE / (int64_t)sizeof(double))

typedef double CPU(beyond_part) __attribute__((vector_size(NATIVE)));
typedef int64_t CPU(beyond_mask) __attribute__((vector_size(NATIVE)));

static inline CPU(beyond_mask) CPU(part_inside)(const double *x, const double *low, const double *high) {
    CPU(beyond_part) values, least, most;
    memcpy(&values, x, sizeof values);
    memcpy(&least, low, sizeof least);
    memcpy(&most, high, sizeof most);
    return (least <= values) & (values <= most);
}

static inline int CPU(narrow_inside)(const double *x, int64_t rows, int64_t width, const double *low,
                                     const double *high) {
    int inside = 1;
    for (int64_t row = 0; row < rows; row++, x += width)
        for (int64_t i = 0; i < width; i++) inside &= (low[i] <= x[i]) & (x[i] <= high[i]);
    return inside;
}

/* The last part of a row may overlap the one before it, so that no number is left over. */
static inline int CPU(wide_inside)(const double *x, int64_t rows, int64_t width, const double *low,
                                   const double *high) {
    CPU(beyond_mask) inside = ~(CPU(beyond_mask)){0};
    int64_t last = width - LANES;
    for (int64_t row = 0; row < rows; row++, x += width) {
        for (int64_t i = 0; i < last; i += LANES) inside &= CPU(part_inside)(x + i, low + i, high + i);
        inside &= CPU(part_inside)(x + last, low + last, high + last);
    }
    int64_t all = -1;
    for (int64_t l = 0; l < LANES; l++) all &= inside[l];
    return all != 0;
}

static int64_t CPU(first_beyond)(const double *x, int64_t rows, int64_t width, const double *low, const double *high) {
    for (int64_t row = 0; row < rows; row += GROUP) {
        const double *at = x + row * width;
        int64_t count = rows - row < GROUP ? rows - row : GROUP;
        if (!(width < LANES ? CPU(narrow_inside)(at, count, width, low, high)
                            : CPU(wide_inside)(at, count, width, low, high)))
            return row;
    }
    return rows;
}

static const Beyond CPU(beyond) = {CPU(first_beyond)};
#undef NATIVE
#undef LANES
