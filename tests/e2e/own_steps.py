"""Steps of a user's own that cannot be opened, well and ill behaved."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

TRIGGER = 99.0
"""A value in the first column, or about it, that makes an ill behaved step show it; samples have none."""


def text_statistics(texts: Any) -> np.ndarray:
    """Python loops over characters: length, capitals, distinct pairs, exclamations."""
    return np.array(
        [[len(t), sum(c.isupper() for c in t), len(set(zip(t, t[1:], strict=False))), t.count("!")] for t in texts],
        float,
    )


def visits(table: pd.DataFrame) -> pd.DataFrame:
    """Dates, nullable values, categories and texts, of which some are missing."""
    days = table["day"].dt.to_period("W").dt.start_time
    return pd.DataFrame(
        {
            "week": days,
            "stay": table["day"] - days,
            "guests": table["n"].where(table["n"] > 0).astype("Int64"),
            "many": (table["n"] > 2).astype("boolean").where(table["n"] != 1),
            "kind": pd.Categorical(np.where(table["n"] > 1, "b", "a"), ["b", "a"]),
            "name": table["name"],
            "half": table["n"] / 2,
        }
    )


def loops(X: Any) -> None:
    while True:
        pass


def forks(X: Any) -> None:
    while True:
        os.fork()


def fills_memory(X: Any) -> None:
    held = []
    while True:
        held.append(np.ones(4_000_000))


def writes(X: Any) -> None:
    with open("/tmp/pretzel-owned", "w") as file:
        file.write("x")


def reads(X: Any) -> str:
    with open("/etc/passwd") as file:
        return file.read()


def connects(X: Any) -> None:
    socket.create_connection(("127.0.0.1", 80), timeout=5)


def kills_its_parent(X: Any) -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def kills_all(X: Any) -> None:
    os.kill(-1, signal.SIGKILL)


def closes_its_pipes(X: Any) -> Any:
    os.closerange(0, 1000)
    return X


def other_shape(X: Any) -> Any:
    return X[:, :1]


def other_type(X: Any) -> Any:
    return X.astype(int)


def raises(X: Any) -> None:
    raise ValueError("not today")


def exits(X: Any) -> None:
    os._exit(3)


def faults(X: Any) -> None:
    ctypes.string_at(0)


def prints(X: Any) -> Any:
    for _ in range(20_000):
        print("x" * 100, file=sys.stderr)
        print("x" * 100)
    return X


def huge(X: Any) -> Any:
    return np.zeros((len(X), 100_000_000))


def leaves_a_thread(X: Any) -> Any:
    threading.Thread(target=loops, args=(X,), daemon=True).start()
    return X


def garbles_its_answer(X: Any) -> Any:
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"garbage")
        except OSError:
            pass
    return X


class Own(BaseEstimator, TransformerMixin):
    """Returns what it is given, row by row, unless a row has the trigger."""

    def __init__(self, deed: Any = None) -> None:
        self.deed = deed

    def fit(self, X: Any, y: Any = None) -> Own:
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:
        if self.deed is not None and (X[:, 0] > TRIGGER / 2).any():
            return self.deed(X)
        return np.array([[value * 1.0 for value in row] for row in X])
