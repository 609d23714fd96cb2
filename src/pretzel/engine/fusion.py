"""Fuse steps when a program is built, without an effect on fingerprints.

Steps that read the same values are fused first, then the chains of ``chains.py``.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pretzel.engine.chains import CHAINS, Chain
from pretzel.engine.fused import FusedKernel, FusedStep

BUDGET = 128 << 20
"""Most bytes of weights in the fused kernels of this process; beyond it steps are not fused."""


@dataclass(frozen=True)
class Fusion(FusedKernel):
    """A kernel that reads a value once for several kernels."""

    takes: Callable[[Any], bool]
    """True for a kernel that gains from it."""
    least: int
    """Number of kernels from which it is faster; measured in benchmarks/kernels/fanout.py."""


def _is_narrow(head: Any) -> bool:
    """Return whether a head over sparse rows (None for others) has fewer columns than a cache line."""
    return head is not None and head.k < 8


FUSIONS: dict[str, Fusion] = {
    "sparse.linear:Linear": Fusion("sparse.linear:Stack", _is_narrow, least=4),
    "fused.normalized_linear:NormalizedLinear": Fusion(
        "sparse.linear:Stack", lambda head: head.divisor == "l2" and _is_narrow(head.linear), least=4
    ),
}
"""Fusions of steps that read the same values, by their kernel."""

Key = tuple[Fusion | None, tuple[int, ...], str]  # values read, or values written if not fused; element type


class Fuser:
    """Builds fused kernels, shared while in use, within a budget of bytes.  Thread-safe."""

    def __init__(self, budget: int = BUDGET) -> None:
        """Create a fuser without kernels."""
        self.budget, self.held = budget, 0
        self._fused: weakref.WeakValueDictionary[tuple[Any, ...], Any] = weakref.WeakValueDictionary()
        self._lock = threading.RLock()  # a kernel may be freed, and release its bytes, while the lock is held

    def fuse(
        self,
        groups: list[FusedStep],
        outputs: frozenset[int] = frozenset(),
        *,
        chains: Iterable[Chain] = CHAINS,
        fusions: Mapping[str, Fusion] = FUSIONS,
    ) -> list[FusedStep]:
        """Return the steps, fused where possible; ``outputs``: the output nodes of the program.

        A fused step takes the position of its first step, a chain that of its first end.
        """
        alike: dict[Key, list[FusedStep]] = {}
        for group in groups:
            alike.setdefault(_key(group, fusions), []).append(group)
        steps = [step for key, some in alike.items() for step in self._joined(some, key[0])]
        for chain in chains:
            steps = self._chained(steps, chain, outputs)
        return steps

    def _chained(self, groups: list[FusedStep], chain: Chain, outputs: frozenset[int]) -> list[FusedStep]:
        """Fuse the steps of each such chain."""
        changed: dict[tuple[int, ...], FusedStep | None] = {}
        for steps, count in chain.find(groups, outputs):
            kernel, ends = self._kernel(chain, tuple(group.kernel for group in steps)), steps[-count:]
            if kernel is not None:
                nodes = tuple(node for end in ends for node in end.nodes)
                changed |= {group.nodes: None for group in steps}
                changed[ends[0].nodes] = FusedStep(nodes, kernel, steps[0].read, ends[0].type)
        left = (changed.get(group.nodes, group) for group in groups)
        return [group for group in left if group is not None]

    def _joined(self, groups: list[FusedStep], fusion: Fusion | None) -> list[FusedStep]:
        """Fuse all, or each half if the budget does not allow all."""
        if fusion is None or len(groups) < fusion.least:
            return groups
        kernel = self._kernel(fusion, tuple(group.kernel for group in groups))
        if kernel is None:
            half = len(groups) // 2
            return self._joined(groups[:half], fusion) + self._joined(groups[half:], fusion)
        nodes = tuple(node for group in groups for node in group.nodes)
        return [FusedStep(nodes, kernel, groups[0].read, groups[0].type)]

    def _kernel(self, joint: FusedKernel, kernels: tuple[Any, ...]) -> Any:
        make = joint.make()
        size = make.size(kernels)
        with self._lock:
            existing = self._fused.get(kernels)
            if existing is not None or self.held + size > self.budget:
                return existing
            self.held += size
        try:
            kernel = make(kernels)
        except MemoryError:
            self._release(size)
            return None
        weakref.finalize(kernel, self._release, size)
        with self._lock:
            return self._fused.setdefault(kernels, kernel)

    def _release(self, size: int) -> None:
        with self._lock:
            self.held -= size


def _key(group: FusedStep, fusions: Mapping[str, Fusion]) -> Key:
    """Return a key that steps share if they can be fused, else a unique one."""
    fusion = fusions.get(group.name)
    if fusion is None or not fusion.takes(group.kernel):
        return None, group.nodes, ""
    return fusion, group.read, group.type.dtype


FUSER = Fuser()
"""The fuser of this process."""
