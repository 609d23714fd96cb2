"""The time of one `pretzel deploy` beyond the import of scikit-learn: `python -m benchmarks.cli.deploying [--write]`.

A process that opens the model's pickle and ends imports the modules of its classes; the rest is Pretzel's.
"""

from __future__ import annotations

import os
import pickle
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.scale.processes import MIB, up

PAGE = Path(__file__).parents[2] / "docs/benchmarks/cli.md"
ROUNDS = 10
WANTED = 1.0
"""Seconds beyond the library's import that one deployment is to take at most."""
OPEN = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))"
ABOUT = """\
# One deployment on the command line

`pretzel deploy NAME model.pkl --sample rows.csv` against a running `pretzel up`, with verification, as a process from
start to end; and `python -c` that opens the same pickle, and so imports scikit-learn's modules of its classes. The two
run in turn; *beyond* is the median of the differences within a round. Processor time is that of the process and its
threads.

Written by `python -m benchmarks.cli.deploying --write`."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of a process."""

    wall: float
    processor: float


@dataclass(frozen=True, slots=True)
class Times:
    """Median seconds for one model."""

    name: str
    opened: Spent
    deployed: Spent
    beyond: Spent


def main() -> None:
    """Print the time of a deployment of each model; ``--write`` also writes the page."""
    with tempfile.TemporaryDirectory() as directory, up(Path(directory, "data"), 256 * MIB) as system:
        measured = []
        for name, (model, rows) in models().items():
            file, sample = Path(directory, f"{name}.pkl"), Path(directory, f"{name}.csv")
            file.write_bytes(pickle.dumps(model))
            rows.head(100).to_csv(sample, index=False)
            measured.append(_times(name, file, sample, system.control))
    page = _page(measured)
    print(page)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page)


def models() -> Mapping[str, tuple[Any, pd.DataFrame]]:
    """Return a fitted model of each kind, and rows."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({name: rng.normal(size=1000) for name in ("age", "income", "debt")})
    target = (rows["age"] + rng.normal(size=1000) > 0).astype(int)
    mixed = rows.assign(city=rng.choice(["Bari", "Gdansk", "Porto"], 1000))
    texts = pd.DataFrame({"text": rng.choice(["a good day", "bad luck", "good luck", "a bad day"], 1000)})
    numbers = Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler())])
    cities = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("numbers", numbers, list(rows)), ("cities", cities, ["city"])])
    words = ColumnTransformer([("words", TfidfVectorizer(), "text")])
    return {
        "table": (Pipeline([("columns", columns), ("model", LogisticRegression())]).fit(mixed, target), mixed),
        "texts": (make_pipeline(words, LogisticRegression()).fit(texts, target), texts),
        "trees": (HistGradientBoostingClassifier(max_iter=20).fit(rows, target), rows),
    }


def _times(name: str, file: Path, sample: Path, control: str) -> Times:
    opening = [sys.executable, "-c", OPEN, str(file)]
    deploying = [sys.executable, "-m", "pretzel.cli", "deploy", "--control", control, "--sample", str(sample)]
    rounds = []
    for i in range(ROUNDS + 1):
        rounds.append((_spent(opening), _spent([*deploying, f"{name}-{i}", str(file)])))
    del rounds[0]  # files are then in the page cache
    opened, deployed = zip(*rounds, strict=True)
    beyond = [Spent(b.wall - a.wall, b.processor - a.processor) for a, b in rounds]
    return Times(name, _median(opened), _median(deployed), _median(beyond))


def _spent(command: list[str]) -> Spent:
    """Return the seconds of a process that has to succeed."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall, after = time.perf_counter() - start, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(wall, used)


def _median(many: Any) -> Spent:
    return Spent(float(np.median([one.wall for one in many])), float(np.median([one.processor for one in many])))


def _page(measured: list[Times]) -> str:
    head = "| model | opened, s | deployed, s | beyond, s | processor: opened, s | deployed, s | beyond, s |"
    lines = [
        f"| {x.name} | {x.opened.wall:.2f} | {x.deployed.wall:.2f} | {x.beyond.wall:.2f} | {x.opened.processor:.2f} "
        f"| {x.deployed.processor:.2f} | {x.beyond.processor:.2f} |"
        for x in measured
    ]
    most = max(x.beyond.wall for x in measured)
    goal = f"The goal is at most {WANTED:.0f} s beyond; the most here is {most:.2f} s."
    about = (
        f"On {platform.machine()}, Python {platform.python_version()}, scikit-learn {sklearn.__version__}; medians of "
    )
    table = "\n".join([head, "|---|---|---|---|---|---|---|", *lines])
    return "\n\n".join([ABOUT, f"{about}{ROUNDS} rounds.", table, goal]) + "\n"


if __name__ == "__main__":
    main()
