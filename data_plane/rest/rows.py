"""Runs a model over rows of Python values, as its library reads them, and returns records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pretzel.adapters.inputs import columns_of
from pretzel.data_plane.measure.branches import counted
from pretzel.data_plane.oip.backend import Backend
from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.residency.routes import Route
from pretzel.data_plane.residency.sound import sound
from pretzel.data_plane.shadow.copies import shadowed
from pretzel.data_plane.telemetry.recording import count, recorded
from pretzel.data_plane.traffic.fork import picked
from pretzel.data_plane.traffic.origin import ORIGIN
from pretzel.data_plane.transport.metering import charge_rows
from pretzel.engine import Executable
from pretzel.errors import InputError
from pretzel.plan.model import InputDescription
from pretzel.plan.multioutput import method_of

LARGE = 2000
"""Values from which rows are converted on a thread."""
Pack = Callable[[Mapping[str, Any]], Any]
Make = Callable[[Signature, Mapping[str, Any]], Any]
"""Makes X of a model with this signature and metadata."""


class Target:
    """A version that rows are scored with."""

    def __init__(self, route: Route, signature: Signature) -> None:
        self.route, self.signature = route, signature
        self.metadata = route.version.metadata
        self.inputs = [InputDescription(spec.name, spec.type) for spec in signature.inputs.values()]

    def outputs(self, methods: Sequence[str]) -> tuple[str, ...]:
        """Return the outputs of methods, of which those with several targets have several.

        Raises:
            InputError: the model lacks one.
        """
        names: list[str] = []
        for method in methods:
            found = [name for name in self.signature.outputs if method in (name, method_of(name))]
            if not found:
                known = ", ".join(self.signature.outputs)
                problem = f"model {quoted(self.signature.model)} has no output {quoted(method)}; it has {known}"
                raise wrong("outputs", problem)
            names += [name for name in found if name not in names]
        return tuple(names)

    @property
    def usual(self) -> tuple[str, ...]:
        """The outputs of a prediction that names none: labels or values, and probabilities; else what there is."""
        methods = {method_of(name) for name in self.signature.outputs}
        for wanted in (("predict", "predict_proba"), ("predict",), ("transform",)):
            if methods.issuperset(wanted):
                return self.outputs(wanted)
        return (next(iter(self.signature.outputs)),)


class Rows:
    """Scores rows."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def target(self, name: str, version: str = "") -> Target:
        """Return a version by the name of its model, or ``name:alias``, and a number or none.

        Raises:
            NotFoundError: it does not exist.
        """
        route = picked(await self._backend.route(name, version), ORIGIN.get())
        return Target(route, await self._backend.signatures.get(route))

    @staticmethod
    def earlier(deadline: float, timeout: float) -> float:
        """Return the earlier of a deadline and a time-out from now; 0 means none."""
        own = time.monotonic() + timeout if timeout else 0.0
        return min(deadline, own) if deadline and own else deadline or own

    async def score(
        self,
        target: Target,
        make: Make,
        outputs: tuple[str, ...] | None,
        deadline: float,
        pack: Pack,
        *,
        method: str,
        large: bool = False,
    ) -> Any:
        """Return the packed outputs for X, which ``make`` returns; on a thread if that is ``large``.

        ``method`` names the call in metrics.

        Raises:
            InputError: X does not match the model.
        """
        start = time.monotonic()
        first = outputs[0] if outputs else next(iter(target.signature.outputs))

        def convert() -> Mapping[str, Any]:
            X = make(target.signature, target.metadata)
            return columns_of(X, target.inputs, target.metadata, method_of(first))

        columns = await asyncio.to_thread(convert) if large else convert()
        rows = len(next(iter(columns.values()))) if columns else 0
        charge_rows(rows)
        with counted(target.route.figures, start):
            answer = await self._run(target.route, columns, outputs, deadline, pack)
        count(self._backend.tally.calls(method, target.route.version.model), start, rows)
        return answer

    async def _run(
        self, route: Route, columns: Mapping[str, Any], outputs: tuple[str, ...] | None, deadline: float, pack: Pack
    ) -> Any:
        entry, engine = route.entry, self._backend.engine
        entry.used = time.monotonic()
        cost = entry.cost_of(outputs)

        def run(executable: Executable) -> Awaitable[Any]:
            return engine.run(
                shadowed(recorded(executable, route.version), route.copier), cost, columns, outputs, deadline, pack
            )

        try:
            return await sound(self._backend.plans, entry, run)
        except InputError as error:
            if error.field:
                raise
            raise InputError(f"model {route.version.model!r}: {error}") from None
