"""Walk a graph: fold constants, and pass every other node that an output needs to its converter."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx

from pretzel.errors import UnsupportedError
from pretzel.importers.findings import Findings
from pretzel.importers.onnx.budget import Budget, cost, numbers
from pretzel.importers.onnx.folding import fold
from pretzel.importers.onnx.inputs import rows_of
from pretzel.importers.onnx.registry import CONVERTERS, KEEP_ROWS, NAMES, Site, array_of, refused
from pretzel.importers.onnx.values import MALFORMED, AcrossRowsError, Value

MAX_NODES = 50_000
GRAPH = "the graph"
"""The part named by an error that ends the walk, for example when nodes exceed the memory limit."""


class Walk:
    """The values of a graph by name, computed as needed."""

    def __init__(
        self, model: onnx.ModelProto, path: str, inputs: Mapping[str, Value], findings: Findings | None = None
    ) -> None:
        """Start from the inputs and constants of the graph; ``findings`` may collect errors of nodes."""
        self.model, self.path, self.findings = model, path, findings or Findings()
        self.opsets = {_domain(item.domain): item.version for item in model.opset_import}
        self.made_for = rows_of(model.graph)
        self.budget = Budget(model.ByteSize())
        self.values: dict[str, Value] = {t.name: self._tensor(t.name, t) for t in model.graph.initializer}
        self.values |= inputs

    def run(self, names: list[str]) -> list[Value]:
        """Return the values of these names.

        Raises:
            UnsupportedError: a node cannot be served; the message names it.
        """
        for node in self._needed(names):
            self._try(node)
        return [self._read(name, "the graph") for name in names]

    def _needed(self, outputs: list[str]) -> list[onnx.NodeProto]:
        """Return the nodes that these values need, in file order, which is topological."""
        nodes = self.model.graph.node
        if len(nodes) > MAX_NODES:
            raise self.refuse(f"it has {len(nodes)} nodes, more than {MAX_NODES}", "split it")
        names, needed = set(outputs), []
        for node in reversed(nodes):
            if names.intersection(filter(None, node.output)):
                needed.append(node)
                names.update(filter(None, node.input))
        return needed[::-1]

    def _try(self, node: onnx.NodeProto) -> None:
        """Compute a node; if its error is collected, skip the nodes that read it."""
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
            raise site.refuse(_text(error), KEEP_ROWS) from error
        except MALFORMED as error:
            raise site.refuse(_text(error), "check the model with onnx.checker, or export it again") from error
        for name, value in zip(node.output, results, strict=False):
            if name in self.values:
                raise site.refuse(f"{name[:80]!r} is produced twice", "export the model again")
            self.values[name] = value
        missing = [name for name in node.output[len(results) :] if name]
        self.values.update(dict.fromkeys(missing, _Unserved(site)))  # type: ignore[arg-type]

    def _spend(self, amount: int) -> None:
        """Refuse a small graph that requests gigabytes or hours: many nodes, or few over large values."""
        if not self.budget.spend(amount):
            raise self.refuse(
                f"its nodes need more than {self.budget.most} numbers and operators, the limit for a file of its size",
                "export a smaller graph, or one whose constants are folded",
            )

    def _computed(self, site: Site, domain: str) -> tuple[Value, ...]:
        if all(value is None or isinstance(value, np.ndarray) for value in site.inputs):
            return fold(site, self.opsets, self._spend)
        converter = CONVERTERS.get((domain, site.node.op_type))
        if converter is None:
            raise site.refuse("no importer knows this operator", "export the model without it (docs/onnx.md)")
        converted = converter(site)
        site.refuse_unread()
        results = converted if isinstance(converted, tuple) else (converted,)
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
            raise self.refuse(f"{reader} reads {name[:80]!r}, which no earlier node produces", "export it again")
        if isinstance(value, _Refused):
            reason = f"{reader} reads {name[:80]!r}, which is refused"
            raise refused(self.path, GRAPH, reason, "fix that first", about_input=True)
        if isinstance(value, _Unserved):
            raise value.site.refuse(f"its output {name[:80]!r} is read", "export a graph that does not need it")
        return value

    def _tensor(self, name: str, tensor: onnx.TensorProto) -> np.ndarray:
        try:
            array = array_of(tensor)
        except MALFORMED as error:
            raise self.refuse(f"its constant {name[:80]!r} is malformed: {_text(error)}", "export it again") from error
        self._spend(numbers(array))
        return array

    def refuse(self, reason: str, remedy: str) -> UnsupportedError:
        """Return the error that reports why the whole graph cannot be served."""
        return refused(self.path, GRAPH, reason, remedy)


class _Refused:
    """Placeholder for an output of a refused node, or of a node that reads one."""


class _Unserved:
    """Placeholder for an output that a converter does not compute; only reading it is an error."""

    def __init__(self, site: Site) -> None:
        self.site = site


def _domain(name: str) -> str:
    """Return the domain; the standard domain has two names, of which one is used."""
    return "" if name == "ai.onnx" else name


def _text(error: Exception) -> str:
    return f"{str(error) or type(error).__name__:.200}".replace("\n", " ")
