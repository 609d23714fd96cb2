"""The plans of a workload in a worker's cache: compiled once in a run, and loaded as a worker does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.paper.baselines.processes import available_bytes
from benchmarks.paper.caching import cached
from benchmarks.paper.workloads import Member, Workload
from pretzel import engine
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.canonical import decode
from pretzel.engine import Executable
from pretzel.plan.digest import Digest
from pretzel.plan.plan import Plan
from pretzel.plan.values import Labels

OUTPUT = "predict"
GROUP_BYTES = 4 << 30
"""Memory that models of scikit-learn may take together, at most."""
RESIDENT = 2.5
"""Bytes in memory for each byte of a pickle, at most: dictionaries of texts take the most."""
_kept: dict[tuple[Path, ...], tuple[Any, Plans]] = {}


@dataclass(frozen=True)
class Plans:
    """The cache of a worker, and the digest of each model's plan there."""

    folder: Path
    digests: Mapping[str, str]


def plans_of(workload: Workload, progress: Callable[[str], None]) -> Plans:
    """Compile all members, unless an earlier experiment of this process did; the cache is removed with the process."""
    key = tuple(member.definition for member in workload.members)
    if key not in _kept:
        folder = tempfile.TemporaryDirectory(prefix="pretzel-plans-")
        kept = cached(workload.members, Path(folder.name), progress)
        digests = {member.name: plan for member, (plan, _) in zip(workload.members, kept.plans, strict=True)}
        _kept[key] = folder, Plans(kept.folder, digests)
    return _kept[key][1]


class Loader:
    """Loads plans of a cache, which share parameters and kernels."""

    def __init__(self, plans: Plans) -> None:
        self._plans, self._reader, self._catalog = plans, ObjectReader(plans.folder), engine.StageCatalog()
        self._reader.refresh()
        self._proofs: list[Any] = []

    def load(self, name: str) -> Loaded:
        """Load a model; its program is built at the first call."""
        plan, fetch = self._proven(name)
        return Loaded(engine.load(plan, fetch, catalog=self._catalog))

    def joint(self, names: Sequence[str]) -> Executable:
        """Load several models as one program: what they share is computed once."""
        proven = [self._proven(name) for name in names]
        fetches = {digest: fetch for plan, fetch in proven for digest in plan.objects}
        return engine.load([plan for plan, _ in proven], lambda digest: fetches[digest](digest), catalog=self._catalog)

    def stages(self, name: str) -> list[str]:
        """Return the fingerprints of a model's stages: equal ones compute the same of the same input."""
        return [stage.fingerprint for stage in self._proven(name)[0].stages]

    def _proven(self, name: str) -> tuple[Plan, Callable[[Digest], memoryview]]:
        digest = Digest.parse(self._plans.digests[name])
        plan = Plan.from_tree(decode(self._reader.fetch(digest)))
        proof = self._reader.prove([digest, *plan.objects])
        self._proofs.append(proof)
        return plan, proof.fetch


class Loaded:
    """A loaded model with the method of the library."""

    def __init__(self, executable: Executable) -> None:
        self.executable, self._column = executable, executable.inputs[0].name

    def predict(self, rows: Any) -> np.ndarray:
        """Return what the estimator's ``predict`` returns."""
        return as_array(self.executable.run({self._column: rows}, (OUTPUT,))[OUTPUT])


def as_array(value: Any) -> np.ndarray:
    """Return labels in place of codes."""
    return value.labels[value.codes] if isinstance(value, Labels) else value


def check_alike(name: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    """Raise RuntimeError if answers differ by more than the order of a sum may change them."""
    numeric = theirs.dtype.kind == "f"
    if not (np.allclose(ours, theirs, 1e-5, 1e-7) if numeric else np.array_equal(ours, theirs)):
        raise RuntimeError(f"{name}: answers differ from those of scikit-learn")


def groups(members: Sequence[Member]) -> Iterator[list[Member]]:
    """Divide members so that the estimators of each part fit into memory together."""
    budget, part, taken = min(GROUP_BYTES, available_bytes() // 2), list[Member](), 0.0
    for member in members:
        size = RESIDENT * member.pickle.stat().st_size
        if part and taken + size > budget:
            yield part
            part, taken = [], 0.0
        part.append(member)
        taken += size
    yield part
