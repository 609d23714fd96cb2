"""Callers that know all expected outputs, and count lost calls and wrong outputs."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from pretzel.errors import PretzelError

CALL_SECONDS = 30.0
COLUMNS = 12
PAUSE_SECONDS = 0.004
"""Seconds between two calls of a thread, so that starting servers get a core."""
PROGRESS_SECONDS = 15.0


@dataclass(frozen=True)
class Expected:
    """A fitted pipeline with rows, and the library's outputs for them."""

    estimator: Any
    rows: np.ndarray
    answers: np.ndarray


def expected(seed: int, padding: int = 0) -> Expected:
    """Return a small pipeline, different for each seed; ``padding`` columns make its parameters larger."""
    random_state = np.random.default_rng(seed)
    rows = random_state.normal(size=(40, COLUMNS + padding))
    labels = (rows[:, :3].sum(axis=1) + random_state.normal(scale=0.1, size=40) > 0).astype(int)
    estimator = make_pipeline(StandardScaler(), LogisticRegression(max_iter=50)).fit(rows, labels)
    return Expected(estimator, rows[:4], estimator.predict_proba(rows[:4]))


class Load:
    """Threads that call models by their names; used as a context."""

    def __init__(self, address: str, models: Callable[[], dict[str, Expected]], threads: int = 2) -> None:
        """Call the models that ``models`` returns at the time, all of which are served."""
        self.calls = self.lost = self.wrong = 0
        self.problems: list[str] = []
        self.last_problem = 0.0
        self._models, self._address = models, address
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(number,), daemon=True) for number in range(threads)]
        self._threads.append(threading.Thread(target=self._report, daemon=True))

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(CALL_SECONDS + 10)

    def _call(self, number: int) -> None:
        chosen = random.Random(number)
        with pretzel.Client(self._address, timeout=CALL_SECONDS) as client:
            while not self._stop.is_set():
                models = self._models()
                if models:
                    self._ask(client, *chosen.choice(list(models.items())))
                self._stop.wait(PAUSE_SECONDS)

    def _report(self) -> None:
        """Print the counts of calls periodically."""
        reported = 0
        while not self._stop.wait(PROGRESS_SECONDS):
            print(f"   {time.strftime('%T')} {self.calls} calls, {self.lost} lost, {self.wrong} wrong", flush=True)
            for problem in self.problems[reported : reported + 3]:
                print(f"      {problem}", flush=True)
            reported = len(self.problems)

    def _ask(self, client: pretzel.Client, name: str, known: Expected) -> None:
        try:
            answers = client.predict_proba(name, known.rows)
        except PretzelError as error:
            self._count(lost=1, problem=f"{name}: {error!r}")
            return
        right = answers.shape == known.answers.shape and np.allclose(answers, known.answers, rtol=1e-6, atol=1e-9)
        self._count(wrong=0 if right else 1, problem="" if right else f"{name}: wrong answer")

    def _count(self, lost: int = 0, wrong: int = 0, problem: str = "") -> None:
        with self._lock:
            self.calls += 1
            self.lost += lost
            self.wrong += wrong
            if problem:
                self.last_problem = time.monotonic()
                self.problems.append(problem)
