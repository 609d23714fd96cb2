"""Functions whose answer depends on the position of a word, on the words before it, or on the length of a text."""

from __future__ import annotations

import itertools
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import FunctionTransformer

import pretzel
from pretzel.errors import UnsupportedError

MANY = 30_000
TEXTS = ["The good, the bad and a film", "north 12 -3.5", "Great!! I Love it", "sings singing s"]


def first_hundred(s: str) -> list[str]:
    found: list[str] = []
    for word in s.split():
        if found.__len__() < 100:
            found.append(word)
    return found


def counted(s: str) -> list[str]:
    numbers = itertools.count()
    return [word for word in s.split() if next(numbers) < 1000]


WORDS: dict[str, Callable[[str], list[str]]] = {
    "enumerate": lambda s: [word for i, word in enumerate(s.split()) if i < 100],
    "islice": lambda s: list(itertools.islice(s.split(), 100)),
    "zip": lambda s: [word for _, word in zip(range(100), s.split(), strict=False)],
    "a slice of a list": lambda s: [word.lower() for word in s.split()][:100],
    "a slice of words": lambda s: list(s.split())[:5000],
    "a large slice": lambda s: [word.lower() for word in s.split()][:50_000],
    "a large constant of the module": lambda s: list(s.split())[:MANY],
    "the length so far": first_hundred,
    "a counter": counted,
    "normalized": lambda s: [unicodedata.normalize("NFC", word) for word in s.split()],
    "unquoted": lambda s: [unquote(word) for word in s.split()],
}


@pytest.mark.parametrize("name", WORDS)
def test_positions_and_functions_of_c_are_not_traced(name: str) -> None:
    model = CountVectorizer(analyzer=WORDS[name]).fit(TEXTS)
    with pytest.raises(UnsupportedError, match="CountVectorizer\\(analyzer=.* cannot be served"):
        pretzel.compile(model)


def last_is_long(s: str) -> int:
    state = {"long": 0}
    for word in s.split():
        state["long"] = 1 if len(word) > 40 else 0
    return state["long"]


def last_kind(s: str) -> str:
    kind = "none"
    for word in s.split():
        kind = "long" if len(word) > 40 else "short"
    return kind


def last_in_list(s: str) -> int:
    found = [0]
    for word in s.split():
        found.append(1 if word.isdigit() and len(word) == 10 else 0)
    return found[-1]


def no_words_left(s: str) -> int:
    words = [word for word in s.split() if len(word) <= 40]
    return len(words) if words else -1


def is_the_list(s: str) -> int:
    return int(s.split() == ["a", "b"])


def is_the_set(s: str) -> int:
    return int(set(s.split()) == {"a", "b"})


VALUES: list[Callable[[str], Any]] = [last_is_long, last_kind, last_in_list, no_words_left, is_the_list, is_the_set]


@pytest.mark.parametrize("function", VALUES, ids=lambda function: function.__name__)
def test_what_passes_from_word_to_word_is_not_traced(function: Callable[[str], Any]) -> None:
    model = FunctionTransformer(lambda texts: [[function(text)] for text in texts]).fit(TEXTS)
    with pytest.raises(UnsupportedError, match="FunctionTransformer\\(func=.* cannot be served"):
        pretzel.compile(model, sample=TEXTS)


def test_a_cut_of_a_formatted_text_is_not_traced() -> None:
    """Python cuts a short string that represents the text in the trace."""
    model = FunctionTransformer(lambda texts: [f"{text}"[:100] for text in texts]).fit(TEXTS)
    with pytest.raises(UnsupportedError, match="it returned"):
        pretzel.compile(model, sample=TEXTS)


RACE = """
import threading
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
import pretzel

X, y = np.random.default_rng(0).random((20, 3)), np.arange(20) % 2
model = make_pipeline(StandardScaler(), RandomForestClassifier(2)).fit(X, y)
together, done = threading.Barrier(4), []

def export():
    together.wait()
    pretzel.export(model)
    done.append(1)

threads = [threading.Thread(target=export) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(done))
"""


def test_threads_that_export_first_wait_for_the_importers() -> None:
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", RACE], capture_output=True, text=True, timeout=120)
    assert run.stdout.strip() == "4", run.stderr
