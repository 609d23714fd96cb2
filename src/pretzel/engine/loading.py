"""Load plans into an executable: fetch parameters, share kernels, merge equal stages of several plans."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

import numpy as np

from pretzel.engine.catalog import Fetch, StageCatalog
from pretzel.engine.executable import Executable
from pretzel.engine.hops import (
    HIDDEN,
    Call,
    Hop,
    HoppingExecutable,
    Stages,
    call_of,
    code_of,
    hidden_outputs,
    is_hop,
    leaps,
    refused,
)
from pretzel.engine.mechanisms import DERIVED, MECHANISMS, OBJECTS, Making, checked
from pretzel.engine.outputs import Output
from pretzel.engine.private import PrivateCatalog
from pretzel.errors import DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan, PlanInput, Stage, input_fingerprint
from pretzel.plan.types import ValueType

REFUSED = "this program runs none; deploy the model to a worker that allows it (python_stages)"


def load(
    plans: Plan | Sequence[Plan],
    fetch: Fetch,
    *,
    catalog: StageCatalog | None = None,
    without: Collection[str] = (),
    original: Collection[Digest] = (),
) -> Executable:
    """Return an executable of ``plans``: one, or several over the same columns, whose common stages run once.

    With several, the outputs of plan i are named ``"i/name"``.  ``fetch`` returns the bytes of an object, already
    checked against its digest; they are referenced, not copied.  Plans with Python stages are rejected, unless the
    catalog opens those.  ``without`` names mechanisms to do without (:data:`~pretzel.engine.mechanisms.MECHANISMS`);
    ``original``: parameters of the definitions; all others were derived.

    Raises:
        InputError: a mechanism is not known.
        PreconditionError: a Python stage may not run here.
        DefinitionError: a kernel is unknown here, or two plans need columns of the same name and different types.
        CorruptObjectError: an object does not match its header or the kernel's layout.
    """
    many = [plans] if isinstance(plans, Plan) else list(plans)
    off, stages = checked(without, MECHANISMS), StageCatalog() if catalog is None else catalog
    if off & {OBJECTS, DERIVED}:
        stages = PrivateCatalog(stages, () if OBJECTS in off else original)
    merger = _Merger(fetch, stages, Making.without(off))
    for i, plan in enumerate(many):
        merger.add(plan, "" if isinstance(plans, Plan) else f"{i}/")
    return merger.executable()


class _Merger:
    """Collects the stages of plans, each fingerprint once."""

    def __init__(self, fetch: Fetch, catalog: StageCatalog, making: Making) -> None:
        self.fetch, self.catalog, self.making = fetch, catalog, making
        self.visible = 0
        self.asides: list[tuple[Stage, tuple[int, ...], int, Call]] = []  # Python stages, with the nodes they read
        self.calls: dict[tuple[Any, ...], Call] = {}
        self.order: list[int] = []  # the node of each distinct stage
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
        self.visible = len(self.inputs)
        if any(is_hop(stage) for plan, _ in self.pending for stage in plan.stages):
            self._check_names()
        for plan, _ in self.pending:
            self._take_results(plan)
        for plan, prefix in self.pending:
            self._place(plan, prefix)
        inputs = tuple(self.inputs.values())
        if not self.asides:
            return Executable(inputs, self.types, self.steps, self.outputs, self.room, self.making)
        hops, writers = leaps(self.asides)
        self.outputs.update(hidden_outputs(hops, len(inputs), self.types))
        native = Executable(inputs, self.types, self.steps, self.outputs, self.room, self.making)
        order: list[int | Hop] = [writers[node] if node in writers else node - len(inputs) for node in self.order]
        return cast(Executable, HoppingExecutable(native, self.visible, hops, order))

    def _check_names(self) -> None:
        """Reject a column or an output whose name could be that of a value between native steps and hops."""
        names = [*self.inputs, *(output.name for plan, _ in self.pending for output in plan.outputs)]
        for name in names:
            if name.startswith(HIDDEN):
                raise DefinitionError(f"{name!r:.80}: a column or an output whose name begins with NUL; rename it")

    def _take_results(self, plan: Plan) -> None:
        """Make the results of Python stages inputs of the native steps."""
        for stage in filter(is_hop, plan.stages):
            if stage.fingerprint not in self.nodes:
                name = f"{HIDDEN}{stage.fingerprint}"
                self.inputs[name] = PlanInput(name, stage.type)
                self.nodes[stage.fingerprint] = len(self.types)
                self.types.append(stage.type)
                self.room.append(0)

    def _open(self, stage: Stage, read: tuple[int, ...], plan: Plan) -> None:
        """Open a Python stage, once for all parts of its result."""
        stages: Stages | None = self.catalog.stages
        if stages is None:
            raise refused(stage, REFUSED)
        key = (*call_of(stage)[:2], read)
        if key not in self.calls:
            code = code_of(stage, self._fetch_from(plan))
            self.calls[key] = stages.open(stage, code, [self.types[node] for node in read])
        self.asides.append((stage, read, self.nodes[stage.fingerprint], self.calls[key]))

    def _place(self, plan: Plan, prefix: str) -> None:
        slots = [self.nodes[input_fingerprint(item.name, item.type)] for item in plan.inputs]
        for stage, room in zip(plan.stages, plan.room or [0] * len(plan.stages), strict=True):
            read = tuple(slots[j] for j in stage.inputs)
            known = self.nodes.get(stage.fingerprint)
            if is_hop(stage) and known not in self.order:
                self._open(stage, read, plan)
                self.order.append(self.nodes[stage.fingerprint])
            elif known is None:
                self.order.append(len(self.types))
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
