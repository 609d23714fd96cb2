"""The texts of the sentiment workload: a file of reviews, or the docstrings of installed libraries."""

from __future__ import annotations

import ast
import re
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.paper.baselines.environments import SkippedError

LIBRARIES = ("numpy", "scipy", "sklearn")
"""Their docstrings follow those of the standard library."""
SHORTEST, LONGEST, FEWEST = 20, 400, 400
"""Characters of a sentence, and sentences of a corpus."""
ALL = 30_000
"""All files are read if as many sentences are asked for; else one in several."""
_ENDS = re.compile(r"(?<=[.!?])\s+|\n\s*\n")
_LEFT_OUT = {"test", "tests", "site-packages", "idlelib", "lib2to3", "externals"}


@dataclass(frozen=True)
class Corpus:
    """Texts with binary labels, in an order that is the same in each run."""

    texts: Sequence[str]
    labels: np.ndarray
    about: str


def sentences(path: Path | None, most: int) -> Corpus:
    """Return at most so many labelled sentences of a file, or of the built-in corpus.

    Args:
        path: a file of lines ``label<TAB>text`` with a head line, labels 0 and 1; None: the built-in corpus.
        most: a random part of this size is taken of a larger corpus.

    Raises:
        SkippedError: the file cannot be read or has too few reviews.
    """
    corpus = _built_in(most) if path is None else _of_file(path)
    chosen = np.random.default_rng(0).permutation(len(corpus.texts))[:most]
    about = f"{len(chosen):,} of {len(corpus.texts):,} {corpus.about}"
    return Corpus([corpus.texts[i] for i in chosen], corpus.labels[chosen], about)


def _of_file(path: Path) -> Corpus:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()[1:]
    except (OSError, UnicodeDecodeError) as error:
        raise SkippedError(f"{path}: cannot be read: {error}; name a file of reviews, or leave out --corpus") from error
    pairs = [line.split("\t", 1) for line in lines]
    for number, pair in enumerate(pairs, 2):
        if len(pair) != 2 or pair[0] not in ("0", "1"):
            raise SkippedError(
                f"{path}: line {number} is not 0 or 1, a tab and a text; correct it, or leave out --corpus"
            )
    if len(pairs) < FEWEST:
        raise SkippedError(f"{path}: {len(pairs)} reviews; expected {FEWEST} or more; name a larger file")
    return Corpus([text for _, text in pairs], np.array([int(label) for label, _ in pairs]), f"reviews of {path.name}")


def _built_in(most: int) -> Corpus:
    """Return sentences of docstrings; the label says whether they are of the standard library."""
    every = max(1, ALL // most)
    standard = Path(sysconfig.get_path("stdlib"))
    roots = [standard, *(Path(str(find_spec(name).origin)).parent for name in LIBRARIES if find_spec(name))]  # type: ignore[union-attr]
    labels: dict[str, int] = {}
    for root in roots:
        for sentence in _sentences_under(root, every):
            labels.setdefault(sentence, int(root == standard))
    return Corpus(list(labels), np.array(list(labels.values())), "sentences of docstrings")


def _sentences_under(root: Path, every: int) -> Iterator[str]:
    for path in sorted(root.rglob("*.py"))[::every]:
        if _LEFT_OUT.isdisjoint(path.relative_to(root).parts):
            for text in _docstrings(path):
                for part in _ENDS.split(text):
                    sentence = " ".join(part.split())
                    if SHORTEST <= len(sentence) <= LONGEST:
                        yield sentence


def _docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):  # some files of the standard library are meant to be wrong
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield ast.get_docstring(node) or ""
