/* Dense rows times weights, in two forms that each fix the order of every sum; compiled as cpu.h says.
 *
 *   dots   few sums a row: weights [k][width], each sum in eight lanes (column j goes to lane j % 8), then the lanes in
 *          pairs, then the tail
 *   tiles  many sums a row: weights [width][k] and bias [k], both padded to a multiple of eight, each sum in the order of
 *          the columns; four rows and eight sums at a time only share what is loaded
 *
 * A row's result depends on nothing but the row. */
#define PRETZEL_PRODUCTS(SUFFIX, X, W, V, LOAD)                                                               \
    static inline __attribute__((always_inline)) W CPU(dot_##SUFFIX)(const X* x, const W* w, int64_t width) { \
        V sum = {0}, a, b;                                                                                    \
        W tail = 0;                                                                                           \
        int64_t j = 0;                                                                                        \
        for (; j + LANES <= width; j += LANES) {                                                              \
            LOAD(V, x + j, a);                                                                                \
            memcpy(&b, w + j, sizeof b);                                                                      \
            sum += a * b;                                                                                     \
        }                                                                                                     \
        for (; j < width; j++) tail += (W)x[j] * w[j];                                                        \
        return SUM_OF_LANES(sum) + tail;                                                                      \
    }                                                                                                         \
    static void CPU(dots_##SUFFIX)(                                                                           \
        const X* x, const W* w, const W* bias, W* y, int64_t rows, int64_t width, int64_t k) {                \
        for (int64_t row = 0; row < rows; row++, x += width, y += k)                                          \
            for (int64_t c = 0; c < k; c++) y[c] = CPU(dot_##SUFFIX)(x, w + c * width, width) + bias[c];      \
    }                                                                                                         \
    static inline __attribute__((always_inline)) void CPU(tile_##SUFFIX)(                                     \
        const X* x, const W* w, const W* bias, W* y, const int64_t rows, int64_t width, int64_t stride,       \
        int64_t k, const int64_t count) {                                                                     \
        V sums[4] = {{0}}, b;                                                                                 \
        for (int64_t j = 0; j < width; j++) {                                                                 \
            memcpy(&b, w + j * stride, sizeof b);                                                             \
            for (int64_t r = 0; r < rows; r++) sums[r] += b * (W)x[r * width + j];                            \
        }                                                                                                     \
        memcpy(&b, bias, sizeof b);                                                                           \
        for (int64_t r = 0; r < rows; r++) {                                                                  \
            sums[r] += b;                                                                                     \
            memcpy(y + r * k, &sums[r], count * sizeof(W));                                                   \
        }                                                                                                     \
    }                                                                                                         \
    static inline __attribute__((always_inline)) void CPU(row_of_tiles_##SUFFIX)(                             \
        const X* x, const W* w, const W* bias, W* y, const int64_t rows, int64_t width, int64_t stride,       \
        int64_t k) {                                                                                          \
        int64_t c = 0;                                                                                        \
        for (; c + LANES <= k; c += LANES)                                                                    \
            CPU(tile_##SUFFIX)(x, w + c, bias + c, y + c, rows, width, stride, k, LANES);                     \
        if (c < k) CPU(tile_##SUFFIX)(x, w + c, bias + c, y + c, rows, width, stride, k, k - c);              \
    }                                                                                                         \
    static void CPU(tiles_##SUFFIX)(                                                                          \
        const X* x, const W* w, const W* bias, W* y, int64_t rows, int64_t width, int64_t k) {                \
        const int64_t stride = PADDED(k);                                                                     \
        int64_t row = 0;                                                                                      \
        for (; row + 4 <= rows; row += 4)                                                                     \
            CPU(row_of_tiles_##SUFFIX)(x + row * width, w, bias, y + row * k, 4, width, stride, k);           \
        for (; row < rows; row++)                                                                             \
            CPU(row_of_tiles_##SUFFIX)(x + row * width, w, bias, y + row * k, 1, width, stride, k);           \
    }

PRETZEL_PRODUCTS(f32, float, float, pretzel_f32x8, LOAD_SAME)
PRETZEL_PRODUCTS(f64, double, double, pretzel_f64x8, LOAD_SAME)
PRETZEL_PRODUCTS(f32_f64, float, double, pretzel_f64x8, LOAD_WIDER)
#undef PRETZEL_PRODUCTS

static const Products CPU(products) = {
    CPU(dots_f32), CPU(dots_f64), CPU(dots_f32_f64), CPU(tiles_f32), CPU(tiles_f64), CPU(tiles_f32_f64),
};
