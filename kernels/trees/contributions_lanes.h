/* The descent of contributions.h for LANES rows; names are LANED.  Included for each number of lanes. */

/* Writes for each row 1 where it goes left at a node, else 0. */
static inline void LANED(decide)(const contributions_tree *tree, uint32_t at, double *restrict left) {
    const forest_node *node = tree->nodes + at;
    const double *restrict x = tree->x + (int64_t)(node->feature >> (tree->wide_x ? 3 : 2)) * LANES;
    const double threshold = tree->wide_x ? node->f64 : (double)node->f32;
    const double missing = tree->extras->missing_right[at] ? 0.0 : 1.0;
    const int32_t *range = tree->extras->categories ? tree->extras->ranges + 2 * (int64_t)at : NULL;
    if (range && range[1]) {
        for (int r = 0; r < LANES; r++)
            left[r] = x[r] != x[r] ? missing : forest_outside(tree->extras, range, x[r]) ? 0.0 : 1.0;
    } else {
        for (int r = 0; r < LANES; r++) left[r] = x[r] != x[r] ? missing : x[r] > threshold ? 0.0 : 1.0;
    }
}

/* The factor of one side of a node at one point for one row, divided by the factor that the feature had before. */
static inline __attribute__((always_inline)) double LANED(factor)(
    double z, double share, double t, double inverse, double o, double old, int again) {
    const double outside = z * (1.0 - t) * inverse;
    return (again ? (old != 0.0 ? outside : share) : outside) + o * (t * inverse);
}

/* Adds the products of a node, [points][rows], to the pairs of its feature with each other feature of the path. */
static __attribute__((noinline)) void LANED(pair)(const contributions_tree *tree, int32_t feature, int64_t depth,
                                                  const double *restrict products) {
    for (int64_t level = 0; level < depth; level++) {
        const contributions_edge *edge = tree->path[level];
        const int64_t low = edge->feature < feature ? edge->feature : feature;
        const int64_t high = edge->feature < feature ? feature : edge->feature;
        double *restrict pairs = tree->pairs + (low * tree->width + high) * LANES;
        double sums[LANES] = {0};
        if (edge->feature == feature || tree->last[edge->feature] != edge) continue;
        for (int64_t q = 0; q < tree->count; q++) {
            const double t = tree->points[q];
            const double inside = (1.0 - edge->z) / (edge->z + (1.0 - edge->z) * t), outside = -1.0 / (1.0 - t);
            for (int r = 0; r < LANES; r++)
                sums[r] += products[q * LANES + r] * (edge->o[r] != 0.0 ? inside : outside);
        }
        for (int r = 0; r < LANES; r++) pairs[r] += sums[r];
    }
}

/* Visits an inner node: reads c, writes u, both [points][rows]. */
static void LANED(visit)(const contributions_tree *tree, uint32_t at, int64_t depth, const double *restrict c,
                         double *restrict u);

/* Writes u of a child: that of an inner node by a visit, with its factor in c, or the value of a leaf. */
static inline __attribute__((always_inline)) void LANED(descend)(
    const contributions_tree *tree, uint32_t child, int64_t depth, const contributions_edge *edge, double share,
    const double *inverse, const double *old, int again, const double *restrict c, double *restrict below,
    double *restrict u) {
    const int64_t count = tree->count;
    if (tree->nodes[child].child == child) {
        const double value = contributions_leaf(tree, child);
        for (int64_t i = 0; i < count * LANES; i++) u[i] = value;
        return;
    }
    for (int64_t q = 0; q < count; q++) {
        const double t = tree->points[q], inv = again ? inverse[q] : 1.0;
        for (int r = 0; r < LANES; r++)
            below[q * LANES + r] = c[q * LANES + r] * LANED(factor)(edge->z, share, t, inv, edge->o[r], old[r], again);
    }
    LANED(visit)(tree, child, depth + 1, below, u);
}

/* Writes u of a node from those of its children, and adds to the sums of its feature. */
static inline __attribute__((always_inline)) void LANED(gather)(
    const contributions_tree *tree, const contributions_edge *edges, const double *share, const double *inverse,
    const double *old, double z, int again, int64_t depth, const double *restrict c, const double *restrict left,
    const double *restrict right, double *restrict u) {
    double *restrict sums = tree->sums + (int64_t)edges[0].feature * LANES;
    double *restrict products = tree->room + 2 * tree->count * LANES;
    double a[LANES], b[LANES], sum[LANES] = {0};
    for (int r = 0; r < LANES; r++) {
        a[r] = edges[0].o[r] * z - edges[0].z * old[r];
        b[r] = edges[1].o[r] * z - edges[1].z * old[r];
    }
    for (int64_t q = 0; q < tree->count; q++) {
        const double t = tree->points[q], inv = again ? inverse[q] : 1.0, weight = inv * inv;
        for (int r = 0; r < LANES; r++) {
            const int64_t i = q * LANES + r;
            const double l = left[i], s = right[i];
            u[i] = LANED(factor)(edges[0].z, share[0], t, inv, edges[0].o[r], old[r], again) * l +
                   LANED(factor)(edges[1].z, share[1], t, inv, edges[1].o[r], old[r], again) * s;
            products[i] = c[i] * weight * (a[r] * l + b[r] * s);
        }
    }
    for (int64_t q = 0; q < tree->count; q++)
        for (int r = 0; r < LANES; r++) sum[r] += products[q * LANES + r];
    for (int r = 0; r < LANES; r++) sums[r] += sum[r];
    if (tree->pairs) LANED(pair)(tree, edges[0].feature, depth, products);
}

static void LANED(visit)(const contributions_tree *tree, uint32_t at, int64_t depth, const double *restrict c,
                         double *restrict u) {
    const forest_node *node = tree->nodes + at;
    const int64_t size = tree->count * LANES;
    const int32_t feature = tree->features[node->feature >> (tree->wide_x ? 3 : 2)];
    contributions_edge *before = tree->last[feature], *edges = tree->edges + 2 * depth;
    double *below = tree->room + 3 * (depth + 1) * size, *left = below + size, *right = left + size;
    double always[LANES], share[2], inverse[CONTRIBUTIONS_POINTS];
    const double whole = contributions_cover(tree, at), z = before ? before->z : 1.0, *old = before ? before->o : always;
    for (int r = 0; r < LANES; r++) always[r] = 1.0;
    for (int64_t q = 0; q < tree->count; q++)
        inverse[q] = before ? 1.0 / (z + (1.0 - z) * tree->points[q]) : 1.0;
    LANED(decide)(tree, at, edges[0].o);
    for (int side = 0; side < 2; side++) {
        share[side] = contributions_cover(tree, node->child + side) / whole;
        edges[side].z = z * share[side];
        edges[side].feature = feature;
    }
    for (int r = 0; r < LANES; r++) {
        edges[1].o[r] = old[r] * (1.0 - edges[0].o[r]);
        edges[0].o[r] *= old[r];
    }
    for (int side = 0; side < 2; side++) {
        tree->last[feature] = tree->path[depth] = edges + side;
        if (before)
            LANED(descend)(tree, node->child + side, depth, edges + side, share[side], inverse, old, 1, c, below,
                           side ? right : left);
        else
            LANED(descend)(tree, node->child + side, depth, edges + side, share[side], inverse, old, 0, c, below,
                           side ? right : left);
    }
    tree->last[feature] = before;
    if (before)
        LANED(gather)(tree, edges, share, inverse, old, z, 1, depth, c, left, right, u);
    else
        LANED(gather)(tree, edges, share, inverse, old, z, 0, depth, c, left, right, u);
}

static void LANED(contribute)(const contributions_tree *tree, uint32_t root) {
    double *c = tree->room, *u = c + tree->count * LANES;
    if (tree->nodes[root].child == root) return;
    for (int64_t q = 0; q < tree->count; q++)
        for (int r = 0; r < LANES; r++) c[q * LANES + r] = tree->weights[q];
    LANED(visit)(tree, root, 0, c, u);
}
