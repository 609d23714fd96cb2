"""The result file of a run: read, checked, and replaced whole after each experiment."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import circumstances
from benchmarks.paper.workloads import Workload

FORMAT = "pretzel paper evaluation, 1"
SAME = ("machine", "processor", "cores")
"""Circumstances in which all experiments of a file agree."""


class StoppedError(Exception):
    """A run cannot continue; the message says in one line what to do."""


@dataclass
class Results:
    """All that is known of a run so far."""

    path: Path
    size: str
    corpus: str
    """The file of texts, or ``built in``."""
    workloads: dict[str, Any]
    """Of each: its fingerprint, what it was generated from, its pipelines and the bytes of their pickles."""
    circumstances: dict[str, Any] = field(default_factory=circumstances)
    experiments: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Of each: ``found`` or ``skipped`` or ``failed``, ``seconds``, ``when`` and ``commit``."""

    def add(self, name: str, seconds: float, **outcome: Any) -> None:
        """Keep the outcome of an experiment, and write the file."""
        commit, when = self.circumstances["commit"], time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        self.experiments[name] = {"commit": commit, "when": when, "seconds": round(seconds, 1), **outcome}
        self.save()

    def save(self) -> None:
        """Replace the file by a whole one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        content = {key: getattr(self, key) for key in ("circumstances", "size", "corpus", "workloads", "experiments")}
        try:
            with temporary.open("w") as file:
                json.dump({"format": FORMAT} | content, file, indent=1, default=_plain)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        finally:
            temporary.unlink(missing_ok=True)

    def measured(self, name: str) -> Mapping[str, Any] | None:
        """Return the outcome of an experiment if it need not be measured once more."""
        outcome = self.experiments.get(name)
        return outcome if outcome and "found" in outcome else None


def read(path: Path) -> Results:
    """Read a result file.

    Raises:
        StoppedError: it cannot be read, is torn, or is another document.
    """
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        raise StoppedError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise StoppedError(f"{path}: is torn; remove it, or name another file with --results") from None
    if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
        raise StoppedError(f"{path}: is not a result of this program; name another file with --results")
    try:
        return Results(path, **document)
    except TypeError:
        raise StoppedError(
            f"{path}: lacks fields of a result; remove it, or name another file with --results"
        ) from None


def opened(path: Path, size: str, corpus: str, workloads: Mapping[str, Workload], *, again: bool) -> Results:
    """Return the results to continue from: those of the file if they fit, otherwise none.

    Raises:
        StoppedError: the file holds results of other models or of another machine, or is none.
    """
    described = {name: described_as(workload) for name, workload in workloads.items()}
    fresh = Results(path, size, corpus, described)
    if not path.exists():
        return fresh
    found = read(path)
    if again:
        return fresh if _difference(found, fresh) else _renewed(found, fresh)
    if why := _difference(found, fresh):
        raise StoppedError(f"{path}: holds results of {why}; measure with --again, or name another file with --results")
    return _renewed(found, fresh)


def _renewed(found: Results, fresh: Results) -> Results:
    """Take over the experiments; the circumstances are those of this run."""
    fresh.experiments = found.experiments
    return fresh


def _difference(found: Results, fresh: Results) -> str:
    if found.size != fresh.size:
        return f"the size {found.size!r}, not {fresh.size!r}"
    for name, description in fresh.workloads.items():
        if found.workloads.get(name, {}).get("fingerprint") != description["fingerprint"]:
            return f"another workload {name}"
    ours, theirs = fresh.circumstances, found.circumstances
    return "another machine" if any(ours.get(key) != theirs.get(key) for key in SAME) else ""


def described_as(workload: Workload) -> dict[str, Any]:
    """Describe a workload; its fingerprint changes with its pipelines and its rows."""
    digest = hashlib.sha256()
    for member in workload.members:
        sizes = member.pickle.stat().st_size, member.definition.stat().st_size
        digest.update(repr((member.name, member.parts, sizes)).encode())
    rows = workload.rows
    digest.update(rows.tobytes() if isinstance(rows, np.ndarray) else "\n".join(rows).encode())
    return {
        "fingerprint": digest.hexdigest()[:16],
        "about": workload.about,
        "members": len(workload.members),
        "pickled_bytes": workload.pickled_bytes,
        "rows": len(rows),
    }


def _plain(value: Any) -> Any:
    """Return a number or an array of NumPy as JSON holds it."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not a value of JSON")
