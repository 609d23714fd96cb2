"""Walks a graph: constants are folded, and every other node that an output needs is handed to its converter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx

from pretzel.errors import UnsupportedError
from pretzel.importers.findings import Findings
from pretzel.importers.onnx.budget import Budget, cost, numbers
from pretzel.importers.onnx.folding import fold
from pretzel.importers.onnx.inputs import rows_of
from pretzel.importers.onnx.registry import CONVERTERS, NAMES, ROWS_APART, Site, array_of, refused
from pretzel.importers.onnx.values import MALFORMED, AcrossRowsError, Value

MAX_NODES = 50_000
GRAPH = "the graph"
"""What a refusal names that ends the walk, as where nodes ask for more memory than they may."""


class Walk:
    """The values of a graph, by name, as far as they were needed."""

    def __init__(
        self, model: onnx.ModelProto, path: str, given: Mapping[str, Value], findings: Findings | None = None
    ) -> None:
        """Begin with what the graph is given and with its constants; ``findings`` may take refusals of nodes."""
        self.model, self.path, self.findings = model, path, findings or Findings()
        self.opsets = {_domain(item.domain): item.version for item in model.opset_import}
        self.made_for = rows_of(model.graph)
        self.budget = Budget(model.ByteSize())
        self.values: dict[str, Value] = {t.name: self._tensor(t.name, t) for t in model.graph.initializer}
        self.values |= given

    def run(self, wanted: list[str]) -> list[Value]:
        """Return the values of these names.

        Raises:
            UnsupportedError: a node cannot be served; the message names it.
        """
        for node in self._needed(wanted):
            self._try(node)
        return [self._read(name, "the graph") for name in wanted]

    def _needed(self, wanted: list[str]) -> list[onnx.NodeProto]:
        """Return the nodes that these values need, in the order of the file, which is that of the graph."""
        nodes = self.model.graph.node
        if len(nodes) > MAX_NODES:
            raise self.refuse(f"it has {len(nodes)} nodes, more than {MAX_NODES}", "split it")
        names, kept = set(wanted), []
        for node in reversed(nodes):
            if names.intersection(filter(None, node.output)):
                kept.append(node)
                names.update(filter(None, node.input))
        return kept[::-1]

    def _try(self, node: onnx.NodeProto) -> None:
        """Compute a node; where its refusal is taken, what reads it is passed over."""
        if any(isinstance(self.values.get(name), _Refused) for name in node.input):
            self.values.update(dict.fromkeys(filter(None, node.output), _Refused()))  # type: ignore[arg-type]
            return
        try:
            self._step(node)
        except UnsupportedError as error:
            refusal = error.refusal
            if refusal is None or refusal.kind == GRAPH or not self.findings.passes(error):
                raise
            self.values.update(dict.fromkeys(filter(None, node.output), _Refused()))  # type: ignore[arg-type]

    def _step(self, node: onnx.NodeProto) -> None:
        domain = _domain(node.domain)
        site = Site(node, [self._input(node, name) for name in node.input], self._opset(node, domain), self.path)
        site.made_for = self.made_for
        try:
            results = self._computed(site, domain)
        except AcrossRowsError as error:
            raise site.refuse(_said(error), ROWS_APART) from error
        except MALFORMED as error:
            raise site.refuse(_said(error), "check the model with onnx.checker, or export it again") from error
        for name, value in zip(node.output, results, strict=False):
            if name in self.values:
                raise site.refuse(f"{name[:80]!r} is given twice", "export the model again")
            self.values[name] = value
        missing = [name for name in node.output[len(results) :] if name]
        self.values.update(dict.fromkeys(missing, _Unserved(site)))  # type: ignore[arg-type]

    def _spend(self, amount: int) -> None:
        """Refuse a graph of few bytes that asks for gigabytes or hours: many nodes, or few over much."""
        if not self.budget.spend(amount):
            raise self.refuse(
                f"its nodes come to more than {self.budget.most} numbers and operators, for a file of its size",
                "export a smaller graph, or one whose constants are folded",
            )

    def _computed(self, site: Site, domain: str) -> tuple[Value, ...]:
        if all(given is None or isinstance(given, np.ndarray) for given in site.inputs):
            return fold(site, self.opsets, self._spend)
        converter = CONVERTERS.get((domain, site.node.op_type))
        if converter is None:
            raise site.refuse("no importer knows this operator", "export the model without it (docs/onnx.md)")
        made = converter(site)
        site.refuse_unread()
        results = made if isinstance(made, tuple) else (made,)
        self._spend(cost(site.inputs, results))
        return results

    def _opset(self, node: onnx.NodeProto, domain: str) -> int:
        version = self.opsets.get(domain)
        if version is None:
            raise self.refuse(f"it declares no opset of {NAMES.get(domain, domain)[:80]}", "export it again")
        return int(version)

    def _input(self, node: onnx.NodeProto, name: str) -> Value | None:
        if not name:
            return None
        return self._read(name, f"node {(node.name or node.op_type)[:80]!r}")

    def _read(self, name: str, reader: str) -> Value:
        value = self.values.get(name)
        if value is None:
            raise self.refuse(f"{reader} reads {name[:80]!r}, which nothing before it gives", "export it again")
        if isinstance(value, _Refused):
            reason = f"{reader} reads {name[:80]!r}, which is refused"
            raise refused(self.path, GRAPH, reason, "mend that first", about_input=True)
        if isinstance(value, _Unserved):
            raise value.site.refuse(f"its output {name[:80]!r} is read", "export a graph that does not need it")
        return value

    def _tensor(self, name: str, tensor: onnx.TensorProto) -> np.ndarray:
        try:
            array = array_of(tensor)
        except MALFORMED as error:
            raise self.refuse(f"its constant {name[:80]!r} is malformed: {_said(error)}", "export it again") from error
        self._spend(numbers(array))
        return array

    def refuse(self, reason: str, remedy: str) -> UnsupportedError:
        """Return the error that says why the graph as a whole cannot be served."""
        return refused(self.path, GRAPH, reason, remedy)


class _Refused:
    """Stands for an output of a node that was refused, or that reads one such."""


class _Unserved:
    """Stands for an output that a converter does not compute; only its being read is refused."""

    def __init__(self, site: Site) -> None:
        self.site = site


def _domain(name: str) -> str:
    """Return the standard domain, which has two names, under one."""
    return "" if name == "ai.onnx" else name


def _said(error: Exception) -> str:
    return f"{str(error) or type(error).__name__:.200}".replace("\n", " ")
