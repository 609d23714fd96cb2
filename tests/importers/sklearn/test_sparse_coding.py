"""Hard cases of sparse codes and topics: empty rows, repeated atoms, documents without words."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.decomposition import LatentDirichletAllocation, SparseCoder
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline

from pretzel import engine
from pretzel.compiler.compile import compile_plan
from pretzel.errors import CancelledError, DeadlineError, InputError, UnsupportedError
from pretzel.importers import export
from pretzel.kernels.program import Token
from tests.importers.sklearn.compare import assert_served
from tests.importers.sklearn.frames import assert_serves, served

RANDOM = np.random.default_rng(0)
ATOMS = RANDOM.normal(size=(7, 5))
COUNTS = RANDOM.poisson(0.8, size=(40, 12)).astype(float)
TEXTS = ["the cat sat", "", "the dog ran and ran", "cats and dogs", "xyzzy", "the the the cat"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(1, 8), st.booleans())
def test_any_dictionary(seed: int, atoms: int, width: int, zero: bool) -> None:
    random = np.random.default_rng(seed)
    dictionary = random.normal(size=(atoms, width))
    if zero and atoms > 1:
        dictionary[-1] = 0
    x = np.concatenate([random.normal(size=(4, width)), np.zeros((1, width)), 2.0 * dictionary[:1]])
    coder = SparseCoder(dictionary, transform_n_nonzero_coefs=int(random.integers(1, min(atoms, width) + 1)))
    with np.errstate(all="ignore"):
        assert_serves(coder.fit(x), x, sample=x, batches=[len(x)])


@pytest.mark.parametrize("split", [True, False])
@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_codes_by_a_threshold(split: bool, positive: bool, dtype: str) -> None:
    x = RANDOM.normal(size=(20, 5)).astype(dtype)
    coder = SparseCoder(
        ATOMS.astype(dtype),
        transform_algorithm="threshold",
        transform_alpha=0.5,
        split_sign=split,
        positive_code=positive,
    )
    assert_serves(coder.fit(x), x, sample=x)


@pytest.mark.parametrize("algorithm", ["lars", "lasso_lars", "lasso_cd"])
def test_paths_that_are_not_served_are_refused(algorithm: str) -> None:
    with pytest.raises(UnsupportedError, match=f"transform_algorithm='{algorithm}'"):
        export(SparseCoder(ATOMS, transform_algorithm=algorithm).fit(ATOMS))


def test_equal_atoms_are_refused() -> None:
    for twin in (ATOMS[0], -ATOMS[0]):
        with pytest.raises(UnsupportedError, match="equal atoms"):
            export(SparseCoder(np.vstack([ATOMS, twin])).fit(ATOMS))


def test_pursuit_in_float32_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="float32"):
        export(SparseCoder(ATOMS).fit(ATOMS), sample=ATOMS.astype("f4"))


def topics(**options: Any) -> LatentDirichletAllocation:
    return LatentDirichletAllocation(**{"n_components": 3, "max_iter": 3, "random_state": 0} | options)


def test_topics_of_texts() -> None:
    fitted = make_pipeline(CountVectorizer(), topics()).fit(TEXTS)
    assert_serves(fitted, TEXTS, sample=TEXTS)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("options", [{}, {"mean_change_tol": 1e-8}, {"max_doc_update_iter": 3}, {"n_components": 1}])
def test_topics_of_counts(kind: Any, options: dict[str, Any]) -> None:
    x = kind(COUNTS * np.where(np.arange(40) % 9, 1, 0)[:, None])
    assert_served(topics(**options).fit(x), x, methods={"transform"})


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix])
def test_a_negative_count_is_refused(kind: Any) -> None:
    fitted, broken = topics().fit(COUNTS), COUNTS[:4].copy()
    broken[2, 5] = -1
    with pytest.raises(InputError, match="row 2, column 5: the count -1.0 is negative"):
        served(export(fitted, sample=kind(COUNTS)), kind(broken))


@pytest.mark.parametrize(
    "estimator",
    [topics().fit(COUNTS), SparseCoder(RANDOM.normal(size=(7, 12))).fit(COUNTS), KernelDensity().fit(COUNTS)],
    ids=["topics", "atoms", "density"],
)
def test_a_cancelled_run_stops_within_the_kernel(estimator: Any) -> None:
    compiled = compile_plan(export(estimator, sample=COUNTS))
    executable = engine.load(compiled.plan, lambda digest: compiled.blobs[digest])
    token = Token()
    token.cancel()
    with pytest.raises(CancelledError):
        executable.run({"X": COUNTS}, token=token)
    with pytest.raises(DeadlineError):
        executable.run({"X": COUNTS}, deadline=time.monotonic() - 1.0)
