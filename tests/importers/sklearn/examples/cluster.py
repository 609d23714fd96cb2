"""Clusterers, over a few random numbers."""

import numpy as np
from scipy import sparse
from sklearn import cluster

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

X = np.random.default_rng(5).normal(size=(50, 3))
CLOUDS = np.concatenate([X, X[:30] + 4.0])
PAIRS = np.concatenate([X, X + 0.02])
SIMILAR = -((CLOUDS[:, None] - CLOUDS) ** 2).sum(axis=2)
SPARSE = sparse.csr_matrix(np.where(X > 0.2, X, 0))
MEANS = {
    "algorithm": FIT_ONLY,
    "batch_size": FIT_ONLY,
    "compute_labels": FIT_ONLY,
    "init": ["random", X[:3], (X[:3] + 1.0)],
    "init_size": FIT_ONLY,
    "max_no_improvement": FIT_ONLY,
    "n_clusters": [2, 5],
    "reassignment_ratio": FIT_ONLY,
}
FEW = {"n_clusters": 3, "n_init": 1, "random_state": 0, "max_iter": 2}
BISECTED = {"n_clusters": 6, "random_state": 0, "max_iter": 3}
SHIFTED = {
    "bandwidth": [1.0],
    "bin_seeding": FIT_ONLY,
    "cluster_all": FIT_ONLY,
    "min_bin_freq": FIT_ONLY,
    "seeds": FIT_ONLY,
}

EXAMPLES = [
    *(
        Example(kind, fitting(kind, x, **FEW), MEANS)
        for kind in (cluster.KMeans, cluster.MiniBatchKMeans)
        for x in (X, X.astype(np.float32))
    ),
    *(
        Example(
            cluster.BisectingKMeans,
            fitting(cluster.BisectingKMeans, x, **BISECTED),
            MEANS | {"init": ["k-means++"], "bisecting_strategy": ["largest_cluster"], "n_clusters": [1, 2]},
        )
        for x in (X, X.astype(np.float32), SPARSE)
    ),
    *(
        Example(
            cluster.Birch,
            fitting(cluster.Birch, x, n_clusters=3, threshold=0.8),
            {
                "branching_factor": FIT_ONLY,
                "compute_labels": FIT_ONLY,
                "n_clusters": [None, 2],
                "threshold": [1.2],
            },
        )
        # No subcluster holds a single row, whose distance from itself would be a rounding error in the library.
        for x in (PAIRS, PAIRS.astype(np.float32), sparse.vstack([SPARSE, SPARSE * 1.02]).tocsr())
    ),
    Example(cluster.MeanShift, fitting(cluster.MeanShift, CLOUDS), SHIFTED),
    Example(cluster.MeanShift, fitting(cluster.MeanShift, CLOUDS.astype(np.float32), bandwidth=1.0)),
    Example(
        cluster.AffinityPropagation,
        fitting(cluster.AffinityPropagation, SIMILAR, random_state=0),
        {
            "affinity": ["precomputed"],
            "convergence_iter": FIT_ONLY,
            "damping": FIT_ONLY,
            "preference": [-30.0],
        },
    ),
    Example(cluster.AffinityPropagation, fitting(cluster.AffinityPropagation, CLOUDS.astype(np.float32))),
    *(
        Example(
            cluster.FeatureAgglomeration,
            fitting(cluster.FeatureAgglomeration, np.hstack([x, x * x, x + x[:, ::-1]]), n_clusters=3),
            {
                "compute_distances": FIT_ONLY,
                "compute_full_tree": FIT_ONLY,
                "connectivity": FIT_ONLY,
                "distance_threshold": [(5.0, {"n_clusters": None})],
                "linkage": ["single"],
                "memory": FIT_ONLY,
                "metric": FIT_ONLY,
                "n_clusters": [4],
                "pooling_func": [np.sum, np.max],
            },
        )
        for x in (X, X.astype(np.float32))
    ),
]
