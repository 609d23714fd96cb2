"""Scores one batch with many models: shared stages run once, and each model fails separately."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pretzel.data_plane.cache.proof import Proof
from pretzel.data_plane.measure.branches import Branch
from pretzel.data_plane.residency.merged_plans import JointCatalog
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.routes import Route
from pretzel.data_plane.residency.sound import Loaded, is_sound, sound
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.shadow.many import copiers_of, copy_outcome, drawn_of
from pretzel.data_plane.telemetry.recording import recorded
from pretzel.data_plane.traffic.fork import picked
from pretzel.data_plane.traffic.origin import ORIGIN
from pretzel.engine import Executable
from pretzel.errors import InputError, NoCatalogError, NotFoundError, PretzelError

Outcome = dict[str, Any] | Exception
Find = Callable[[str], Awaitable[Route]]


@dataclass(frozen=True)
class Work:
    """One distinct plan of the call: its route, its own executable, and the requested outputs."""

    route: Route
    executable: Executable
    proof: Proof | None
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """Arguments of the call, common to all models."""

    columns: Mapping[str, Any]
    outputs: tuple[str, ...]
    deadline: float


class FanOut:
    """Runs one call over many models."""

    def __init__(self, find: Find, plans: PlanCatalog, joint: JointCatalog, engine: RequestEngine) -> None:
        self._find, self._plans, self._joint, self._engine = find, plans, joint, engine

    async def predict(self, models: Sequence[str], call: Call) -> list[tuple[Route | None, Outcome]]:
        """Return for each model, in order, its route and its outputs, or the error it failed with."""
        names, began = list(dict.fromkeys(models)), time.monotonic()
        routes = dict(zip(names, await asyncio.gather(*map(self._route, names)), strict=True))
        distinct = {route.entry: route for route in routes.values() if isinstance(route, Route)}
        prepared = await asyncio.gather(*(self._prepare(route, call) for route in distinct.values()))
        works = [work for work in prepared if isinstance(work, Work)]
        outcomes: dict[Any, Outcome] = dict(zip(distinct, prepared, strict=True))  # type: ignore[arg-type]
        taken: dict[Any, Mapping[str, Any]] = {}
        for group, columns in _groups(works, call.columns):
            outcomes |= await self._run(group, columns, call)
            taken |= dict.fromkeys((work.route.entry for work in group), columns)
        found = [route for route in routes.values() if isinstance(route, Route)]
        _copy(found, taken, call.outputs, outcomes)
        for route in routes.values():
            if isinstance(route, Route) and route.figures is not None:
                _count(route.figures, outcomes[route.entry], began)
        resolved = ((routes[model]) for model in models)
        return [(r, outcomes[r.entry]) if isinstance(r, Route) else (None, r) for r in resolved]

    async def _route(self, model: str) -> Route | Exception:
        try:
            route: Route = picked(await self._find(model), ORIGIN.get())
            return route
        except NoCatalogError:  # concerns all models, so the client retries the whole call elsewhere
            raise
        except PretzelError as error:
            return error

    async def _prepare(self, route: Route, call: Call) -> Work | Exception:
        try:
            executable = await self._plans.load(route.entry)
            unknown = [name for name in call.outputs if name not in executable.outputs]
            if unknown:
                raise NotFoundError(f"output {unknown[0][:100]!r}: this model has {', '.join(executable.outputs)}")
            return Work(route, executable, route.entry.proof, call.outputs or executable.usual)
        except Exception as error:
            return error

    async def _run(self, group: Sequence[Work], columns: Mapping[str, Any], call: Call) -> dict[Any, Outcome]:
        """Run models that take the same columns: together, or separately if the input is invalid."""
        if len(group) > 1:
            try:
                return await self._run_together(group, columns, call)
            except InputError:  # perhaps only some models reject it
                pass
        return {
            work.route.entry: await self._run_alone(work, columns, call, (work.executable, work.proof))
            for work in group
        }

    async def _run_together(self, group: Sequence[Work], columns: Mapping[str, Any], call: Call) -> dict[Any, Outcome]:
        executable, cost = await self._joint.get([work.route.entry for work in group], call.outputs)
        names = [f"{i}/{name}" for i, work in enumerate(group) for name in work.outputs]
        since = time.monotonic()
        try:
            run = recorded(executable, *(work.route.version for work in group))
            results = await self._engine.run(run, cost, columns, names, call.deadline)
        except InputError:
            raise
        except Exception as error:
            return {work.route.entry: error for work in group}
        outcomes: dict[Any, Outcome] = {}
        for i, work in enumerate(group):
            if await is_sound(self._plans, work.route.entry, work.proof, since):
                outcomes[work.route.entry] = {name: results[f"{i}/{name}"] for name in work.outputs}
            else:
                outcomes[work.route.entry] = await self._run_alone(work, columns, call)
        return outcomes

    async def _run_alone(
        self, work: Work, columns: Mapping[str, Any], call: Call, loaded: Loaded | None = None
    ) -> Outcome:
        entry = work.route.entry
        cost = entry.cost_of(work.outputs)

        def run(executable: Executable) -> Awaitable[dict[str, Any]]:
            executable = recorded(executable, work.route.version)
            return self._engine.run(executable, cost, columns, work.outputs, call.deadline)

        try:
            return await sound(self._plans, entry, run, loaded)
        except Exception as error:
            return error


def _copy(
    routes: Sequence[Route], columns: Mapping[Any, Mapping[str, Any]], outputs: tuple[str, ...], outcomes: Any
) -> None:
    """Copy the parts of the models that were answered, if the present call is drawn for their shadows."""
    for position, copier in drawn_of(copiers_of(routes), ORIGIN.get()):
        entry = routes[position].entry
        if not isinstance(outcomes[entry], Exception):
            copy_outcome(copier, columns[entry], outputs, outcomes[entry])


def _count(branch: Branch, outcome: Outcome, began: float) -> None:
    if isinstance(outcome, Exception):
        branch.failed(outcome)
    else:
        branch.observe(time.monotonic() - began)


def _groups(works: Sequence[Work], columns: Mapping[str, Any]) -> list[tuple[list[Work], Mapping[str, Any]]]:
    """Return works grouped by the columns they take, each group with its columns of the call.

    A column that only other models take is withheld from a group; one that no model takes goes to all, to be rejected.
    """
    groups: dict[Any, list[Work]] = {}
    for work in works:
        signature = frozenset((i.name, str(i.type)) for i in work.executable.inputs)
        alone = work.route.entry if getattr(work.executable, "hops", ()) else None  # foreign code never runs for others
        groups.setdefault((signature, alone), []).append(work)
    used = {name for signature, _ in groups for name, _ in signature}
    return [
        (group, {n: c for n, c in columns.items() if n not in used or n in dict(signature)})
        for (signature, _), group in groups.items()
    ]
