/* The products of products_body.h for one pair of types: rows of X, weights and sums of W. */
#define TYPED(name) CPU(CPU_JOIN(name, TYPES))
#define INLINE static inline __attribute__((always_inline))
#define SIZE_OF(VECTOR) ((int64_t)(sizeof(VECTOR) / sizeof(W)))

/* One sum for each of a few rows. */
INLINE void TYPED(dot)(const X *x, const W *w, W bias, W *y, const int64_t rows, int64_t width, int64_t k) {
    enum { PARTS = LANES * sizeof(W) / sizeof(PART) };
    PART sums[4 * PARTS] = {{0}};
    int64_t j = 0;
    for (; j + LANES <= width; j += LANES)
        for (int64_t p = 0; p < PARTS; p++) {
            const int64_t at = j + p * SIZE_OF(PART);
            LOADED a;
            PART b;
            memcpy(&b, w + at, sizeof b);
            for (int64_t r = 0; r < rows; r++) {
                memcpy(&a, x + r * width + at, sizeof a);
                sums[r * PARTS + p] += __builtin_convertvector(a, PART) * b;
            }
        }
    for (int64_t r = 0; r < rows; r++) {
        W lanes[LANES], tail = 0;
        for (int64_t p = 0; p < PARTS; p++) memcpy(lanes + p * SIZE_OF(PART), &sums[r * PARTS + p], sizeof(PART));
        for (int64_t i = j; i < width; i++) tail += (W)x[r * width + i] * w[i];
        y[r * k] = (SUM_OF_LANES(lanes) + tail) + bias;
    }
}

/* Rows that end before the lanes begin: empty sums are 0. */
INLINE void TYPED(tails)(
    const X *x, const W *w, const W *bias, W *y, int64_t rows, const int64_t width, int64_t k) {
    for (int64_t row = 0; row < rows; row++, x += width, y += k)
        for (int64_t c = 0; c < k; c++) {
            W tail = 0;
            for (int64_t i = 0; i < width; i++) tail += (W)x[i] * w[c * width + i];
            y[c] = tail + bias[c];
        }
}

static void TYPED(dots)(
    const void *of_x, const void *of_w, const void *of_bias, void *of_y, int64_t rows, int64_t width, int64_t k) {
    const X *x = of_x;
    const W *w = of_w, *bias = of_bias;
    W *y = of_y;
    switch (width) {
    case 1: TYPED(tails)(x, w, bias, y, rows, 1, k); return;
    case 2: TYPED(tails)(x, w, bias, y, rows, 2, k); return;
    case 3: TYPED(tails)(x, w, bias, y, rows, 3, k); return;
    case 4: TYPED(tails)(x, w, bias, y, rows, 4, k); return;
    case 5: TYPED(tails)(x, w, bias, y, rows, 5, k); return;
    case 6: TYPED(tails)(x, w, bias, y, rows, 6, k); return;
    case 7: TYPED(tails)(x, w, bias, y, rows, 7, k); return;
    }
    enum { TOGETHER = LANES * sizeof(W) / sizeof(PART) > 2 ? 2 : 4 };
    int64_t row = 0;
    for (; row + TOGETHER <= rows; row += TOGETHER, x += TOGETHER * width, y += TOGETHER * k)
        for (int64_t c = 0; c < k; c++) TYPED(dot)(x, w + c * width, bias[c], y + c, TOGETHER, width, k);
    for (; row < rows; row++, x += width, y += k)
        for (int64_t c = 0; c < k; c++) TYPED(dot)(x, w + c * width, bias[c], y + c, 1, width, k);
}

/* `vectors` of sums for each of a few rows over the columns of a span, in registers. */
INLINE void TYPED(tile)(
    const X *x, const W *w, const W *bias, W *y, const int64_t rows, const int64_t vectors, Span span, int64_t k) {
    PART sums[2 * TALL], b[8];
    for (int64_t r = 0; r < rows; r++)
        for (int64_t v = 0; v < vectors; v++) {
            sums[r * vectors + v] = (PART){0};
            if (!span.begins) memcpy(&sums[r * vectors + v], y + r * k + v * SIZE_OF(PART), sizeof(PART));
        }
    for (int64_t j = 0; j < span.depth; j++) {
        for (int64_t v = 0; v < vectors; v++) memcpy(&b[v], w + j * span.stride + v * SIZE_OF(PART), sizeof(PART));
        for (int64_t r = 0; r < rows; r++)
            for (int64_t v = 0; v < vectors; v++) sums[r * vectors + v] += b[v] * (W)x[r * span.width + j];
    }
    for (int64_t v = 0; v < vectors; v++) {
        memcpy(&b[v], bias + v * SIZE_OF(PART), sizeof(PART));
        for (int64_t r = 0; r < rows; r++) {
            if (span.ends) sums[r * vectors + v] += b[v];
            memcpy(y + r * k + v * SIZE_OF(PART), &sums[r * vectors + v], sizeof(PART));
        }
    }
}

/* `columns` sums for each of a few rows, a multiple of eight, of which y has room for `count`. */
INLINE void TYPED(panel)(
    const X *x, const W *w, const W *bias, W *y, const int64_t rows, const int64_t columns, Span span, int64_t k,
    int64_t count) {
    const int64_t most = rows == 1 ? 8 : 2, all = columns / SIZE_OF(PART), vectors = all < most ? all : most;
    W padded_sums[TALL * LANES * 8], *to = count < columns ? padded_sums : y;
    const int64_t step = count < columns ? columns : k;
    if (to == padded_sums && !span.begins) {
        memset(padded_sums, 0, rows * columns * sizeof(W));
        for (int64_t r = 0; r < rows; r++) memcpy(padded_sums + r * columns, y + r * k, count * sizeof(W));
    }
    for (int64_t c = 0; c < columns; c += vectors * SIZE_OF(PART))
        TYPED(tile)(x, w + c, bias + c, to + c, rows, vectors, span, step);
    if (to == padded_sums)
        for (int64_t r = 0; r < rows; r++) memcpy(y + r * k, padded_sums + r * columns, count * sizeof(W));
}

/* The same for any number of rows. */
INLINE void TYPED(rows_of_panel)(
    const X *x, const W *w, const W *bias, W *y, int64_t rows, const int64_t columns, Span span, int64_t k,
    int64_t count) {
    for (; rows >= TALL; rows -= TALL, x += TALL * span.width, y += TALL * k)
        TYPED(panel)(x, w, bias, y, TALL, columns, span, k, count);
    for (; rows >= 4; rows -= 4, x += 4 * span.width, y += 4 * k)
        TYPED(panel)(x, w, bias, y, 4, columns, span, k, count);
    for (; rows > 0; rows--, x += span.width, y += k) TYPED(panel)(x, w, bias, y, 1, columns, span, k, count);
}

/* Few rows: the weights are read in place. */
static void TYPED(few)(const X *x, const W *w, const W *bias, W *y, int64_t rows, int64_t width, int64_t k) {
    const Span span = {width, width, PADDED(k), true, true};
    const int64_t broad = 8 * SIZE_OF(PART) > LANES ? 8 * SIZE_OF(PART) : LANES;
    int64_t c = 0;
    for (; c + broad <= k; c += broad)
        TYPED(rows_of_panel)(x, w + c, bias + c, y + c, rows, broad, span, k, broad);
    for (; c < k; c += LANES)
        TYPED(rows_of_panel)(x, w + c, bias + c, y + c, rows, LANES, span, k, k - c < LANES ? k - c : LANES);
}

/* Many rows, within one span of columns: each panel of weights is copied to contiguous memory. */
static void TYPED(block)(const X *x, const W *w, const W *bias, W *y, int64_t rows, Span span, int64_t k) {
    enum { WIDE = 2 * SIZE_OF(PART) > LANES ? 2 * SIZE_OF(PART) : LANES };
    W packed[DEPTH * WIDE];
    const int64_t stride = span.stride;
    for (int64_t c = 0, columns; c < k; c += columns) {
        columns = c + WIDE <= stride ? WIDE : LANES;
        for (int64_t j = 0; j < span.depth; j++)
            memcpy(packed + j * columns, w + j * stride + c, columns * sizeof(W));
        span.stride = columns;
        const int64_t count = k - c < columns ? k - c : columns;
        if (columns == WIDE)
            TYPED(rows_of_panel)(x, packed, bias + c, y + c, rows, WIDE, span, k, count);
        else
            TYPED(rows_of_panel)(x, packed, bias + c, y + c, rows, LANES, span, k, count);
    }
}

static void TYPED(tiles)(
    const void *of_x, const void *of_w, const void *of_bias, void *of_y, int64_t rows, int64_t width, int64_t k) {
    const X *x = of_x;
    const W *w = of_w, *bias = of_bias;
    W *y = of_y;
    if (rows < FEW || width == 0) {
        TYPED(few)(x, w, bias, y, rows, width, k);
        return;
    }
    for (int64_t row = 0; row < rows; row += BLOCK)
        for (int64_t j = 0; j < width; j += DEPTH) {
            const int64_t depth = width - j < DEPTH ? width - j : DEPTH;
            const Span span = {width, depth, PADDED(k), j == 0, j + depth == width};
            const int64_t count = rows - row < BLOCK ? rows - row : BLOCK;
            TYPED(block)(x + row * width + j, w + j * PADDED(k), bias, y + row * k, count, span, k);
        }
}

#undef X
#undef W
#undef LOADED
#undef PART
#undef TYPES
#undef TYPED
#undef INLINE
#undef SIZE_OF
