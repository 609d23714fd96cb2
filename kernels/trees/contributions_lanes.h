/* The descent of contributions.h for LANES rows; names are LANED.  Included for each number of lanes.
 *
 * Values are stored as [points][rows].  A vector holds WIDE of them: rows at one point, or, of one row, points.
 * AT_POINT(a, q) is the vector at point q of an array of points, AT_ROW(a, r) the one at row r of an array of rows.
 * LOAD and STORE move vectors of values. */

typedef double LANED(vector) __attribute__((vector_size(8 * WIDE)));
typedef int64_t LANED(mask) __attribute__((vector_size(8 * WIDE)));

#define VECTOR LANED(vector)
#define LOAD(at) ({ VECTOR loaded; memcpy(&loaded, (at), sizeof loaded); loaded; })
#define STORE(at, value) do { const VECTOR stored = (value); memcpy((at), &stored, sizeof stored); } while (0)
#define SAME(value) ((VECTOR){0} + (value))
#if LANES == 1
#define AT_POINT(array, q) LOAD((array) + (q))
#define AT_ROW(array, r) SAME((array)[r])
#define EACH_POINT(q) for (int64_t q = 0; q < tree->count; q += WIDE)
#define EACH_ROW(r) for (int r = 0; r < 1; r++)
#else
#define AT_POINT(array, q) SAME((array)[q])
#define AT_ROW(array, r) LOAD((array) + (r))
#define EACH_POINT(q) for (int64_t q = 0; q < tree->count; q++)
#define EACH_ROW(r) _Pragma("GCC unroll 8") for (int r = 0; r < LANES; r += WIDE)
#endif

/* Writes for each row 1 if it goes left at a node, else 0. */
static inline void LANED(decide)(const contributions_tree *tree, uint32_t at, double *left) {
    const forest_node *node = tree->nodes + at;
    const double *x = tree->x + (int64_t)(node->feature >> (tree->wide_x ? 3 : 2)) * LANES;
    const double threshold = tree->wide_x ? node->f64 : (double)node->f32;
    const int32_t *range = tree->extras->categories ? tree->extras->ranges + 2 * (int64_t)at : NULL;
    const int right = tree->extras->missing_right[at];
    if (range && range[1]) {
        for (int r = 0; r < LANES; r++)
            left[r] = x[r] != x[r] ? !right : !forest_outside(tree->extras, range, x[r]);
        return;
    }
#if LANES == 1
    left[0] = x[0] != x[0] ? !right : !(x[0] > threshold);
#else
    const LANED(mask) missing = (LANED(mask)){0} - right, one = (LANED(mask))SAME(1.0);
    EACH_ROW(r) {
        const VECTOR value = LOAD(x + r);
        STORE(left + r, (VECTOR)(~((value > SAME(threshold)) | ((value != value) & missing)) & one));
    }
#endif
}

/* The factors of one side of a node.  At a point t the factor is z * (1 - t) + o * t, over the factor that the feature
 * had before; if the row was held back before, both are shares, and so is their ratio. */
typedef struct {
    double z, a[LANES]; /* a: the factor for u of the side */
    double rest[LANES]; /* share if the row was held back before, else 0 */
    const double *o, *old;
    int leaf;
    double value;    /* of a leaf */
    const double *u; /* of an inner node */
} LANED(side);

static inline __attribute__((always_inline)) VECTOR LANED(factor)(
    const contributions_tree *tree, const LANED(side) *side, int64_t q, int r, const double *inverse, int again) {
    const VECTOR t = AT_POINT(tree->points, q), outside = side->z * (1.0 - t);
    if (!again) return outside + AT_ROW(side->o, r) * t;
    const VECTOR over = AT_POINT(inverse, q);
    return AT_ROW(side->old, r) * (outside * over) + AT_ROW(side->rest, r) + AT_ROW(side->o, r) * (t * over);
}

static inline __attribute__((always_inline)) VECTOR LANED(below)(const LANED(side) *side, int64_t i) {
    return side->leaf ? SAME(side->value) : LOAD(side->u + i);
}

/* Adds the products of a node, [points][rows], to the pairs of its feature with each other feature of the path. */
static __attribute__((noinline)) void LANED(pair)(const contributions_tree *tree, int32_t feature, int64_t depth,
                                                  const double *products) {
    for (int64_t level = 0; level < depth; level++) {
        const contributions_edge *edge = tree->path[level];
        const int64_t low = edge->feature < feature ? edge->feature : feature;
        const int64_t high = edge->feature < feature ? feature : edge->feature;
        double *pairs = tree->pairs + (low * tree->width + high) * LANES;
        double sums[LANES] = {0};
        if (edge->feature == feature || tree->last[edge->feature] != edge) continue;
        EACH_POINT(q) {
            const VECTOR t = AT_POINT(tree->points, q), outside = -1.0 / (1.0 - t);
            const VECTOR inside = (1.0 - edge->z) / (edge->z + (1.0 - edge->z) * t);
            EACH_ROW(r) {
                const VECTOR o = AT_ROW(edge->o, r);
                const VECTOR terms = LOAD(products + q * LANES + r) * (o * inside + (1.0 - o) * outside);
#if LANES == 1
                for (int i = 0; i < WIDE; i++) sums[0] += terms[i];
#else
                STORE(sums + r, LOAD(sums + r) + terms);
#endif
            }
        }
        for (int r = 0; r < LANES; r++) pairs[r] += sums[r];
    }
}

static void LANED(visit)(const contributions_tree *tree, uint32_t at, int64_t depth, const double *c, double *u);

/* Visits the nodes below one side of a node, unless it is a leaf. */
static inline __attribute__((always_inline)) void LANED(descend)(
    const contributions_tree *tree, uint32_t child, int64_t depth, const LANED(side) *side, const double *inverse,
    int again, const double *c, double *below, double *u) {
    if (side->leaf) return;
    EACH_POINT(q) {
        EACH_ROW(r) {
            const int64_t i = q * LANES + r;
            STORE(below + i, LOAD(c + i) * LANED(factor)(tree, side, q, r, inverse, again));
        }
    }
    LANED(visit)(tree, child, depth + 1, below, u);
}

/* Writes u of a node from those of its children, and adds to the sums of its feature. */
static inline __attribute__((always_inline)) void LANED(gather)(
    const contributions_tree *tree, int32_t feature, const LANED(side) *sides, const double *inverse, int again,
    int64_t depth, const double *c, double *u) {
    double *sums = tree->sums + (int64_t)feature * LANES, *products = tree->room + 2 * tree->count * LANES;
    double sum[LANES] = {0};
    EACH_POINT(q) {
        const VECTOR weight = again ? AT_POINT(inverse, q) * AT_POINT(inverse, q) : SAME(1.0);
        EACH_ROW(r) {
            const int64_t i = q * LANES + r;
            const VECTOR left = LANED(below)(sides, i), right = LANED(below)(sides + 1, i);
            const VECTOR both = AT_ROW(sides[0].a, r) * left + AT_ROW(sides[1].a, r) * right;
            const VECTOR product = (again ? LOAD(c + i) * weight : LOAD(c + i)) * both;
            STORE(u + i, LANED(factor)(tree, sides, q, r, inverse, again) * left +
                             LANED(factor)(tree, sides + 1, q, r, inverse, again) * right);
            if (tree->pairs) STORE(products + i, product);
#if LANES == 1
            for (int j = 0; j < WIDE; j++) sum[0] += product[j];
#else
            STORE(sum + r, LOAD(sum + r) + product);
#endif
        }
    }
    for (int r = 0; r < LANES; r++) sums[r] += sum[r];
    if (tree->pairs) LANED(pair)(tree, feature, depth, products);
}

/* One node, whose feature was split above (`before`) or not; constant where it is inlined. */
static inline __attribute__((always_inline)) void LANED(split)(
    const contributions_tree *tree, uint32_t at, int64_t depth, const double *c, double *u, int32_t feature,
    contributions_edge *before, int again) {
    const uint32_t child = tree->nodes[at].child;
    const int64_t size = tree->count * LANES;
    const double node_cover = contributions_cover(tree, at), z = again ? before->z : 1.0;
    contributions_edge *edges = tree->edges + 2 * depth;
    double *below = tree->room + 3 * (depth + 1) * size, old[LANES], inverse[CONTRIBUTIONS_POINTS];
    LANED(side) sides[2];
    for (int r = 0; r < LANES; r++) old[r] = again ? before->o[r] : 1.0;
    if (again) EACH_POINT(q) {
#if LANES == 1
            STORE(inverse + q, 1.0 / (z + (1.0 - z) * AT_POINT(tree->points, q)));
#else
            inverse[q] = 1.0 / (z + (1.0 - z) * tree->points[q]);
#endif
        }
    LANED(decide)(tree, at, edges[0].o);
    for (int r = 0; r < LANES; r++) {
        edges[0].o[r] *= old[r];
        edges[1].o[r] = old[r] - edges[0].o[r];
    }
    for (int i = 0; i < 2; i++) {
        const double share = contributions_cover(tree, child + i) / node_cover;
        LANED(side) *side = sides + i;
        side->z = edges[i].z = z * share;
        edges[i].feature = feature;
        side->o = edges[i].o, side->old = old;
        side->leaf = tree->nodes[child + i].child == child + i;
        side->value = side->leaf ? contributions_leaf(tree, child + i) : 0.0;
        side->u = below + (1 + i) * size;
        for (int r = 0; r < LANES; r++) {
            side->a[r] = edges[i].o[r] * z - side->z * old[r];
            side->rest[r] = (1.0 - old[r]) * share;
        }
    }
    for (int i = 0; i < 2; i++) {
        tree->last[feature] = tree->path[depth] = edges + i;
        LANED(descend)(tree, child + i, depth, sides + i, inverse, again, c, below, below + (1 + i) * size);
    }
    tree->last[feature] = before;
    LANED(gather)(tree, feature, sides, inverse, again, depth, c, u);
}

/* Visits an inner node: reads c, writes u. */
static void LANED(visit)(const contributions_tree *tree, uint32_t at, int64_t depth, const double *c, double *u) {
    const int32_t feature = tree->features[tree->nodes[at].feature >> (tree->wide_x ? 3 : 2)];
    contributions_edge *before = tree->last[feature];
    if (before)
        LANED(split)(tree, at, depth, c, u, feature, before, 1);
    else
        LANED(split)(tree, at, depth, c, u, feature, before, 0);
}

static void LANED(contribute)(const contributions_tree *tree, uint32_t root) {
    double *c = tree->room, *u = c + tree->count * LANES;
    if (tree->nodes[root].child == root) return;
    for (int64_t q = 0; q < tree->count; q++)
        for (int r = 0; r < LANES; r++) c[q * LANES + r] = tree->weights[q];
    LANED(visit)(tree, root, 0, c, u);
}

#undef VECTOR
#undef LOAD
#undef STORE
#undef SAME
#undef AT_POINT
#undef AT_ROW
#undef EACH_POINT
#undef EACH_ROW
