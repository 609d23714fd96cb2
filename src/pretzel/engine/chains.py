"""Find chains in a program: consecutive steps whose intermediate values no other step reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pretzel.engine.fused import FusedKernel, FusedStep, readers_of


@dataclass(frozen=True)
class Chain(FusedKernel):
    """A kernel that runs a whole chain, with the names of the kernels allowed at each position.

    Intermediate values are neither outputs of the program nor read by other steps.
    """

    core: frozenset[str]
    """One of these, which writes floats, is in every chain."""
    before: frozenset[str]
    """One of these may precede it."""
    between: frozenset[str]
    """Any number of these may follow it in sequence."""
    ends: frozenset[str]
    """One or more of these are the only readers of the last value."""

    def find(self, groups: list[FusedStep], outputs: frozenset[int]) -> Iterator[tuple[list[FusedStep], int]]:
        """Yield the steps of each chain in order, and the number of its ends; ``outputs``: nodes of the outputs."""
        private = _Private(groups, outputs)
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
    """The values of a program that are not outputs."""

    def __init__(self, groups: list[FusedStep], outputs: frozenset[int]) -> None:
        self.read_by, self.outputs = readers_of(groups), outputs
        self.written_by = {group.nodes[0]: group for group in groups if len(group.nodes) == 1}

    def readers(self, group: FusedStep) -> list[FusedStep]:
        """Return the steps that read a value; none if it is also an output."""
        is_private = len(group.nodes) == 1 and group.nodes[0] not in self.outputs
        return self.read_by.get(group.nodes[0], []) if is_private else []

    def writer(self, group: FusedStep, names: frozenset[str]) -> list[FusedStep]:
        """Return the step with one of these names that only ``group`` reads, if any."""
        writers = [self.written_by[node] for node in group.read if node in self.written_by]
        return [writer for writer in writers if writer.name in names and self.readers(writer) == [group]]


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
"""Chains that run as one kernel."""
