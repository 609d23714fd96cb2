"""The parts of the demo: it detects wrong answers, and its counts are correct."""

import os
import pickle

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from pretzel.errors import UnavailableError
from showcase import checking, corpus, memory, report
from showcase.trained import Trained

PROBABILITIES = np.array([[0.25, 0.75], [0.5, 0.5], [1e-12, 1.0]])


def bumped(row, by):
    changed = PROBABILITIES.copy()
    changed[row, 0] += by
    return changed


@pytest.mark.parametrize(
    "got, want, rows",
    [
        (PROBABILITIES, PROBABILITIES, []),
        (bumped(1, 1e-4), PROBABILITIES, [1]),
        (bumped(1, 1e-8), PROBABILITIES, []),
        (bumped(2, 1e-8), PROBABILITIES, [2]),  # near zero the column's scale decides
        (PROBABILITIES[:2], PROBABILITIES, [0, 1, 2]),
        (np.array(["a", "b"]), np.array(["a", "c"]), [1]),
        (np.array([1, 2]), np.array([1.0, 2.0]), [0, 1]),
        (np.array([np.nan, -np.inf, np.inf]), np.array([np.nan, -np.inf, -np.inf]), [2]),
        (np.array([np.nan, 1.0]), np.array([1.0, np.nan]), [0, 1]),
        (csr_matrix(PROBABILITIES), PROBABILITIES, []),
        (csr_matrix(bumped(0, 0.1)), csr_matrix(PROBABILITIES), [0]),
    ],
)
def test_differing_rows(got, want, rows):
    assert checking.differing_rows(got, want).tolist() == rows


class Client:
    """Returns a fixed answer, or fails."""

    def __init__(self, answer):
        self._answer = answer

    def score(self, model, X, method):
        if self._answer is None:
            raise UnavailableError("the server is gone")
        return self._answer(method)


@pytest.fixture
def model():
    X = np.arange(20.0).reshape(10, 2)
    return Trained("line", "numbers", LogisticRegression().fit(X, X[:, 0] > 9), X)


@pytest.mark.parametrize("wrong, differing", [(0.0, 0), (1.0, 10)])
def test_check_counts_differing_rows(model, wrong, differing):
    def answer(method):
        right = getattr(model.estimator, method)(model.rows)
        return right + wrong if method == "decision_function" else right

    checked = checking.check(model, Client(answer))
    assert (checked.answers, checked.differing) == (40, differing)
    assert report.verdict([checked]) == (1 if wrong else 0)


def test_check_survives_a_lost_server(model):
    checked = checking.check(model, Client(None))
    assert checked.differing == checked.answers == 40
    assert report.verdict([checked]) == 1


def test_corpus_is_read_and_not_imported(tmp_path, monkeypatch):
    root = tmp_path / "library"
    (root / "tests").mkdir(parents=True)
    text = "A sentence that is long enough to count as a paragraph of some documentation page."
    (root / "__init__.py").write_text(f'"""{text}\n\nToo short.\n"""\nraise SystemExit("imported")\n')
    (root / "part.py").write_text(f'class Thing:\n    """{text}"""\n    def _do(self, a, *, b):\n        """Does."""\n')
    (root / "broken.py").write_text("def (")
    (root / "tests/test_part.py").write_text(f'"""{text}"""')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(corpus, "LIBRARIES", ("library", "not_installed_here"))

    docstrings = corpus.docstrings()
    kinds = [(d.package, d.kind, d.arguments, d.private) for d in docstrings]
    assert kinds == [
        ("library", "module", None, False),
        ("library.part", "class", None, False),
        ("library.part", "method", 3, True),
    ]
    [document] = corpus.documents(docstrings)
    assert (document.text, document.library) == (text, "library")


@pytest.mark.long
def test_corpus_of_this_machine_is_large():
    assert len(corpus.documents(corpus.docstrings())) > 10_000


def test_unpickled_bytes_grow_with_the_models(model):
    large = pickle.dumps(np.random.default_rng(0).random(4 << 20))
    assert 30e6 < memory.unpickled_bytes([large]) < 60e6


def test_pss_of_this_process():
    assert 10e6 < memory._pss(os.getpid()) < 10e9
