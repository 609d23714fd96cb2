"""Group the outputs of a plan by shared inputs: a request needs only the inputs of the groups it asks for."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence


class Components:
    """Groups of outputs that share no input, with the inputs of each."""

    def __init__(self, inputs: Sequence[str], reads: Sequence[Sequence[int]], outputs: Mapping[str, int]) -> None:
        """Group the outputs.

        Args:
            inputs: names of nodes 0, 1, ...
            reads: for each node after the inputs, the nodes that it reads.
            outputs: the node of each output.
        """
        count, group = len(inputs), list(range(len(inputs) + len(reads)))

        def root(node: int) -> int:
            while group[node] != node:
                group[node] = node = group[group[node]]
            return node

        for node, read in enumerate(reads, count):
            for other in read:
                group[root(other)] = root(node)
        self._inputs: dict[int, set[str]] = {}
        for node, name in enumerate(inputs):
            self._inputs.setdefault(root(node), set()).add(name)
        self._outputs = {name: root(node) for name, node in outputs.items()}

    def inputs_of(self, outputs: Sequence[str]) -> set[str]:
        """Return the inputs of the groups of these outputs."""
        return {name for output in outputs for name in self._inputs.get(self._outputs.get(output, -1), ())}

    def requested(self, columns: Container[str], outputs: Sequence[str] | None) -> Sequence[str] | None:
        """Return ``outputs``; if None, the outputs whose groups have a column, or None for all."""
        if outputs is not None or len(set(self._outputs.values())) < 2:
            return outputs
        present = {group for group, names in self._inputs.items() if any(name in columns for name in names)}
        return [output for output, group in self._outputs.items() if group in present] or None
