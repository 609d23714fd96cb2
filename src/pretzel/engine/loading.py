"""Load plans into an executable: fetch parameters, share kernels, merge equal stages of several plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pretzel.engine.catalog import Fetch, StageCatalog
from pretzel.engine.executable import Executable
from pretzel.engine.outputs import Output
from pretzel.errors import DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan, PlanInput, input_fingerprint
from pretzel.plan.types import ValueType


def load(plans: Plan | Sequence[Plan], fetch: Fetch, *, catalog: StageCatalog | None = None) -> Executable:
    """Return an executable of ``plans``: one, or several over the same columns, whose common stages run once.

    With several, the outputs of plan i are named ``"i/name"``.  ``fetch`` returns the bytes of an object, already
    checked against its digest; they are referenced, not copied.

    Raises:
        DefinitionError: a kernel is unknown here, or two plans need columns of the same name and different types.
        CorruptObjectError: an object does not match its header or the kernel's layout.
    """
    many = [plans] if isinstance(plans, Plan) else list(plans)
    merger = _Merger(fetch, StageCatalog() if catalog is None else catalog)
    for i, plan in enumerate(many):
        merger.add(plan, "" if isinstance(plans, Plan) else f"{i}/")
    return merger.executable()


class _Merger:
    """Collects the stages of plans, each fingerprint once."""

    def __init__(self, fetch: Fetch, catalog: StageCatalog) -> None:
        self.fetch, self.catalog = fetch, catalog
        self.inputs: dict[str, PlanInput] = {}
        self.types: list[ValueType] = []
        self.room: list[int] = []  # expected elements per row of each, from the plans
        self.nodes: dict[str, int] = {}  # fingerprint -> index among inputs and steps
        self.steps: list[tuple[Any, tuple[int, ...], ValueType]] = []
        self.outputs: dict[str, Output] = {}
        self.pending: list[tuple[Plan, str]] = []

    def add(self, plan: Plan, prefix: str) -> None:
        for item in plan.inputs:
            first = self.inputs.setdefault(item.name, item)
            if first.type != item.type:
                raise DefinitionError(f"input {item.name!r}: {first.type} in one model, {item.type} in another")
        self.pending.append((plan, prefix))

    def executable(self) -> Executable:
        for i, item in enumerate(self.inputs.values()):
            self.nodes[input_fingerprint(item.name, item.type)] = i
            self.types.append(item.type)
            self.room.append(0)
        for plan, prefix in self.pending:
            self._place(plan, prefix)
        return Executable(tuple(self.inputs.values()), self.types, self.steps, self.outputs, self.room)

    def _place(self, plan: Plan, prefix: str) -> None:
        slots = [self.nodes[input_fingerprint(item.name, item.type)] for item in plan.inputs]
        for stage, room in zip(plan.stages, plan.room or [0] * len(plan.stages), strict=True):
            if stage.fingerprint not in self.nodes:
                read = tuple(slots[j] for j in stage.inputs)
                kernel = self.catalog.kernel(stage, tuple(self.types[j] for j in read), self._fetch_from(plan))
                self.nodes[stage.fingerprint] = len(self.types)
                self.steps.append((kernel, read, stage.type))
                self.types.append(stage.type)
                self.room.append(room)
            slots.append(self.nodes[stage.fingerprint])
        for output in plan.outputs:
            labels = self._labels(output.labels, plan) if output.labels else None
            self.outputs[prefix + output.name] = Output(slots[output.slot], plan.type_of(output.slot), labels)

    def _fetch_from(self, plan: Plan) -> Fetch:
        return lambda digest: plan.inline[digest] if digest in plan.inline else self.fetch(digest)

    def _labels(self, digest: Digest, plan: Plan) -> np.ndarray:
        parameter = Parameter(self._fetch_from(plan)(digest), digest)
        return np.array(parameter.texts) if parameter.dtype == "str" else parameter.array
