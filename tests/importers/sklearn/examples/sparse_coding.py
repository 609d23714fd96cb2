"""Sparse codes in given or learned dictionaries, and topics of documents."""

import numpy as np
from scipy import sparse
from sklearn.decomposition import (
    DictionaryLearning,
    LatentDirichletAllocation,
    MiniBatchDictionaryLearning,
    SparseCoder,
)

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example, fitting

_random = np.random.default_rng(45)
X = _random.normal(size=(30, 8))
ATOMS = _random.normal(size=(6, 8))
ATOMS /= np.linalg.norm(ATOMS, axis=1)[:, None]
COUNTS = _random.poisson(0.7, size=(30, 9)).astype(float)
COUNTS[3] = 0
SINGLE = X.astype(np.float32)
THRESHOLD = {"transform_algorithm": "threshold"}
CODED = {
    "positive_code": [(True, THRESHOLD), True],
    "split_sign": [True, (True, THRESHOLD)],
    "transform_algorithm": ["threshold", "lasso_cd", "lasso_lars", "lars"],
    "transform_alpha": [(0.3, THRESHOLD)],
    "transform_max_iter": HARMLESS,
    "transform_n_nonzero_coefs": [3, 7],
}
FEW = {"n_components": 5, "max_iter": 3, "random_state": 0, "fit_algorithm": "cd"}
LEARNED = CODED | dict.fromkeys(
    (
        *("fit_algorithm", "code_init", "dict_init", "callback", "positive_dict"),
        *("batch_size", "shuffle", "max_no_improvement"),
    ),
    FIT_ONLY,
)
INFERRED = {
    "batch_size": FIT_ONLY,
    "doc_topic_prior": [0.9],
    "evaluate_every": FIT_ONLY,
    "learning_decay": FIT_ONLY,
    "learning_method": FIT_ONLY,
    "learning_offset": FIT_ONLY,
    "max_doc_update_iter": [1, 0, 10**6],
    "mean_change_tol": [0.1],
    "n_components": [2],
    "perp_tol": FIT_ONLY,
    "topic_word_prior": FIT_ONLY,
    "total_samples": FIT_ONLY,
}

EXAMPLES = [
    Example(
        SparseCoder, fitting(SparseCoder, X, dictionary=ATOMS), CODED | {"dictionary": [ATOMS[::-1].copy(), ATOMS[:2]]}
    ),
    Example(SparseCoder, fitting(SparseCoder, X, dictionary=ATOMS, transform_n_nonzero_coefs=6)),
    Example(SparseCoder, fitting(SparseCoder, SINGLE, dictionary=ATOMS, **THRESHOLD)),
    *(
        Example(
            kind,
            fitting(kind, X, **FEW),
            LEARNED | {"alpha": [(0.2, THRESHOLD)], "n_components": [3]},
        )
        for kind in (DictionaryLearning, MiniBatchDictionaryLearning)
    ),
    Example(
        DictionaryLearning,
        fitting(DictionaryLearning, SINGLE, transform_alpha=0.1, split_sign=True, **THRESHOLD, **FEW),
    ),
    *(
        Example(
            LatentDirichletAllocation,
            fitting(LatentDirichletAllocation, x, n_components=4, max_iter=3, random_state=0),
            INFERRED,
        )
        for x in (COUNTS, sparse.csr_matrix(COUNTS), COUNTS.astype(np.float32))
    ),
]
