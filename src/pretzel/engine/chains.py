"""Chains: steps one behind another whose middle values nobody else reads, found among the steps of a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pretzel.engine.fused import FusedKernel, FusedStep, readers_of


@dataclass(frozen=True)
class Chain(FusedKernel):
    """A kernel that runs a whole chain: the kernels that may stand at each place of it, by their names.

    The values between are neither outputs of the program nor read by a step outside.
    """

    core: frozenset[str]
    """One of these writes floats: every chain has it."""
    before: frozenset[str]
    """One of these may stand before it."""
    between: frozenset[str]
    """Any number of these may stand behind it, one behind another."""
    ends: frozenset[str]
    """These alone read what the last of those writes, one of them at least."""

    def find(self, groups: list[FusedStep], kept: frozenset[int]) -> Iterator[tuple[list[FusedStep], int]]:
        """Yield the steps of each chain, in order, and how many of them are its ends; ``kept``: nodes that leave."""
        private = _Private(groups, kept)
        for group in groups:
            if group.name not in self.core or not group.type.is_float:
                continue
            chain = [*private.writer(group, self.before), group]
            ends = private.readers(group)
            while len(ends) == 1 and ends[0].name in self.between:
                chain.append(ends[0])
                ends = private.readers(ends[0])
            if ends and all(end.name in self.ends for end in ends):
                yield chain + ends, len(ends)


class _Private:
    """The values of a program that its steps alone know of."""

    def __init__(self, groups: list[FusedStep], kept: frozenset[int]) -> None:
        self.read_by, self.kept = readers_of(groups), kept
        self.written_by = {group.nodes[0]: group for group in groups if len(group.nodes) == 1}

    def readers(self, group: FusedStep) -> list[FusedStep]:
        """Return the steps that read a value, none where it leaves the program too."""
        apart = len(group.nodes) == 1 and group.nodes[0] not in self.kept
        return self.read_by.get(group.nodes[0], []) if apart else []

    def writer(self, group: FusedStep, names: frozenset[str]) -> list[FusedStep]:
        """Return the step of such a name that writes for this one alone, or nothing."""
        found = [self.written_by[node] for node in group.read if node in self.written_by]
        return [one for one in found if one.name in names and self.readers(one) == [group]]


CHAINS = (
    Chain(
        "text.score:Score",
        core=frozenset({"text.count_ngrams:CountNgrams", "text.hash_ngrams:HashNgrams"}),
        before=frozenset({"text.tokenize:Tokenize", "text.match:Match"}),
        between=frozenset(
            {"sparse.values:Scale", "sparse.values:Divide", "sparse.values:Elementwise", "sparse.values:Normalize"}
        ),
        ends=frozenset(
            {
                "sparse.linear:Linear",
                "sparse.linear:Stack",
                "fused.normalized_linear:NormalizedLinear",
                "fused.compact_linear:CompactLinear",
            }
        ),
    ),
)
"""What runs as one kernel from its first read to its last write."""
