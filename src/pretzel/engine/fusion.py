"""Fusion: steps run as one step, as is chosen when a program is built; no fingerprint knows of it.

Steps that read the same values are joined first, then chains of steps one behind another, as ``chains.py`` has them.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pretzel.engine.chains import CHAINS, Chain
from pretzel.engine.fused import FusedKernel, FusedStep

BUDGET = 128 << 20
"""Bytes of weights that fused kernels of this process may hold beside the mapped ones; beyond it steps stay apart."""


@dataclass(frozen=True)
class Fusion(FusedKernel):
    """A kernel that reads once what several read."""

    takes: Callable[[Any], bool]
    """Whether a kernel gains from it."""
    least: int
    """Kernels from which on it is faster; measured in benchmarks/kernels/fanout.py."""


def _is_narrow(head: Any) -> bool:
    """Whether a head over sparse rows (None over others) has fewer columns than fill a cache line by themselves."""
    return head is not None and head.k < 8


FUSIONS: dict[str, Fusion] = {
    "sparse.linear:Linear": Fusion("sparse.linear:Stack", _is_narrow, least=4),
    "fused.normalized_linear:NormalizedLinear": Fusion(
        "sparse.linear:Stack", lambda head: head.divisor == "l2" and _is_narrow(head.linear), least=4
    ),
}
"""What steps that read the same values become, by their kernel."""

Key = tuple[Fusion | None, tuple[int, ...], str]  # values read, or written where nothing is joined; element type


class Fuser:
    """Makes fused kernels, each once while it is in use, within a number of bytes.  Safe to call from many threads."""

    def __init__(self, budget: int = BUDGET) -> None:
        """Begin with nothing made."""
        self.budget, self.held = budget, 0
        self._made: weakref.WeakValueDictionary[tuple[Any, ...], Any] = weakref.WeakValueDictionary()
        self._lock = threading.RLock()  # a kernel may go, and give its bytes back, while the lock is held

    def fuse(self, groups: list[FusedStep], kept: frozenset[int] = frozenset()) -> list[FusedStep]:
        """Return the steps with those that can run as one joined; ``kept``: the nodes whose values leave the program.

        Steps over the same values stand where the first of them stood, chains where the first of their ends did.
        """
        alike: dict[Key, list[FusedStep]] = {}
        for group in groups:
            alike.setdefault(_key(group), []).append(group)
        made = [made for key, some in alike.items() for made in self._joined(some, key[0])]
        for chain in CHAINS:
            made = self._chained(made, chain, kept)
        return made

    def _chained(self, groups: list[FusedStep], chain: Chain, kept: frozenset[int]) -> list[FusedStep]:
        """Join what is such a chain."""
        now: dict[tuple[int, ...], FusedStep | None] = {}
        for found, count in chain.find(groups, kept):
            kernel, ends = self._kernel(chain, tuple(group.kernel for group in found)), found[-count:]
            if kernel is not None:
                nodes = tuple(node for end in ends for node in end.nodes)
                now |= {group.nodes: None for group in found}
                now[ends[0].nodes] = FusedStep(nodes, kernel, found[0].read, ends[0].type)
        left = (now.get(group.nodes, group) for group in groups)
        return [group for group in left if group is not None]

    def _joined(self, groups: list[FusedStep], fusion: Fusion | None) -> list[FusedStep]:
        """Join all, or each half where there is no room for all."""
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
            known = self._made.get(kernels)
            if known is not None or self.held + size > self.budget:
                return known
            self.held += size
        try:
            made = make(kernels)
        except MemoryError:
            self._give_back(size)
            return None
        weakref.finalize(made, self._give_back, size)
        with self._lock:
            return self._made.setdefault(kernels, made)

    def _give_back(self, size: int) -> None:
        with self._lock:
            self.held -= size


def _key(group: FusedStep) -> Key:
    """Return what steps have in common that can be joined, or what no other has."""
    fusion = FUSIONS.get(group.name)
    if fusion is None or not fusion.takes(group.kernel):
        return None, group.nodes, ""
    return fusion, group.read, group.type.dtype


FUSER = Fuser()
"""Of this process."""
