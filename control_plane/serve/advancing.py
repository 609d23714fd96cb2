"""Looks at the running rollouts, and carries out what is decided about them: by one control plane at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

import structlog
from prometheus_client import Counter, Gauge

from pretzel.control_plane.catalog.rollouts import Rollouts, Starts
from pretzel.control_plane.rollout.engine import END, Observations, step
from pretzel.control_plane.rollout.window import Counts, Window
from pretzel.control_plane.serve.live import Worker
from pretzel.control_plane.serve.metrics import Metrics
from pretzel.control_plane.serve.work import Held, TakenError, Works
from pretzel.plan.rollout import LASTING, Decision, Rollout

ROLLOUTS = "rollouts"
"""Name of the work, and of the task in metrics."""
_PATIENCE = 2.0
"""Seconds after which a control plane asks again for the work that another one does."""
Compared = Callable[[str, int], tuple[int, int]]
"""Returns the rows of a model's version as a shadow that were compared, and those that differ."""
_log = structlog.get_logger(part="rollouts")


class _Watched:
    """The counts for one rollout while this control plane looks at it."""

    def __init__(self) -> None:
        self.of_version, self.of_stable = Window(), Window()
        self.began = -1.0
        """When the step began whose start the windows have."""


class Advancer:
    """Carries rollouts on.  For one event loop."""

    def __init__(
        self,
        rollouts: Rollouts,
        works: Works,
        workers: Callable[[], list[Worker]],
        compared: Compared,
        metrics: Metrics,
        seconds: float,
    ) -> None:
        """Look every so many seconds at what ``workers()`` report."""
        self._rollouts, self._works, self._workers, self._seconds = rollouts, works, workers, seconds
        self._background, self._compared = metrics.background, compared
        self._watched: dict[int, _Watched] = {}
        self.decisions = Counter(
            "pretzel_rollout_decisions_total", "Decisions about rollouts.", ["decision"], registry=metrics.registry
        )
        gauge = Gauge("pretzel_rollouts", "Rollouts that last, by state.", ["state"], registry=metrics.registry)
        for state in LASTING:
            gauge.labels(state).set_function(partial(self._count, state))

    def _count(self, state: str) -> float:
        return self._rollouts.count_lasting()[state]

    async def run(self) -> None:
        """Look at rollouts until cancelled."""
        await self._background.keep(ROLLOUTS, self._look_often)

    async def _look_often(self) -> None:
        while True:
            if await asyncio.to_thread(self._rollouts.running):
                await self._hold()
            self._background.well(ROLLOUTS)
            await asyncio.sleep(self._seconds)

    async def _hold(self) -> None:
        """Look at rollouts while some run and this control plane has the lease."""
        try:
            async with self._works.held(ROLLOUTS) as held:
                while not held.lost.is_set() and await self._look(held):
                    await asyncio.sleep(self._seconds)
        except TakenError:
            await asyncio.sleep(max(_PATIENCE - self._seconds, 0.0))
        finally:
            self._watched.clear()

    async def _look(self, held: Held) -> bool:
        """Look once at each running rollout; return whether any runs."""
        running = await asyncio.to_thread(self._rollouts.running)
        self._watched = {rollout.id: self._watched.get(rollout.id, _Watched()) for rollout, _ in running}
        for rollout, start in running:
            await self._one(held, rollout, start, self._workers())
        return bool(running)

    async def _one(self, held: Held, rollout: Rollout, start: Starts | None, workers: list[Worker]) -> None:
        watched = self._watched[rollout.id]
        watched.of_version.see(counts_of(workers, rollout.model, rollout.version))
        watched.of_stable.see(counts_of(workers, rollout.model, rollout.stable))
        if start is None:
            watched.of_version.restart()
            watched.of_stable.restart()
            watched.began = rollout.began
            starts = {"version": watched.of_version.started(), "stable": watched.of_stable.started()}
            return await asyncio.to_thread(self._rollouts.begin, held.task, rollout, starts)
        if watched.began != rollout.began:
            watched.of_version.start_at(start["version"])
            watched.of_stable.start_at(start["stable"])
            watched.began = rollout.began
        compared = await asyncio.to_thread(self._compared, rollout.model, rollout.version)
        await self._decide(held, rollout, _seen(watched, rollout, workers, compared))

    async def _decide(self, held: Held, rollout: Rollout, seen: Observations) -> None:
        now = self._rollouts.now()
        after, decision = step(now, rollout, seen)
        if decision is None:
            if await asyncio.to_thread(self._rollouts.in_force, rollout):
                return
            decision = Decision(now, rollout.step, END, "", "", seen.version, seen.stable)
        done = await asyncio.to_thread(self._rollouts.decide, held.task, rollout, after, decision)
        if done is not None:
            self.note(done)

    def note(self, rollout: Rollout) -> None:
        """Count and log the last decision about a rollout."""
        last = rollout.decisions[-1]
        self.decisions.labels(last.decision).inc()
        log = _log.warning if last.decision in ("roll back", END) else _log.info
        about = {"model": rollout.model, "alias": rollout.alias, "version": rollout.version, "step": last.step}
        log("rollout", decision=last.decision, reason=last.reason, by=last.by or ROLLOUTS, **about)


def _seen(watched: _Watched, rollout: Rollout, workers: Iterable[Worker], compared: tuple[int, int]) -> Observations:
    held = [f"{worker.name}: {worker.held[rollout.model]}" for worker in workers if rollout.model in worker.held]
    figures = watched.of_version.figures(), watched.of_stable.figures()
    return Observations(*figures, "; ".join(held[:3]), *compared)


def counts_of(workers: Iterable[Worker], model: str, version: int) -> Counts:
    """Return the counts of a version, by the instance of the counting."""
    key = f"{model}@{version}"
    return {worker.instance: worker.figures[key] for worker in workers if key in worker.figures}
