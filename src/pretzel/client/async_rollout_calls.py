"""The calls about rollouts of the asyncio client of a control plane."""

from __future__ import annotations

from collections.abc import Sequence

from pretzel.client import rollouts
from pretzel.client.async_schedule_calls import AsyncScheduleCalls
from pretzel.client.repeating import Repeater
from pretzel.plan.rollout import USUAL, Rollout, Rules
from pretzel.plan.terms import ANY, Terms


class AsyncRolloutCalls(AsyncScheduleCalls):
    """The part of a client about rollouts."""

    _repeater: Repeater

    async def rollout(
        self,
        model: str,
        version: int,
        *,
        steps: Sequence[float] = rollouts.STEPS,
        every: float = rollouts.EVERY,
        rules: Rules = USUAL,
        alias: str = "stable",
        terms: Terms = ANY,
        timeout: float | None = None,
    ) -> Rollout:
        """Move the calls of an alias to another version in steps, in percent, of so many seconds; return at once.

        The control plane advances to the next step, or rolls back, by what both versions do in each step.
        """
        return await self._run(
            rollouts.start(self._repeater, model, version, steps, every, rules, alias, terms), timeout
        )

    async def rollout_status(self, model: str, *, alias: str = "stable", timeout: float | None = None) -> Rollout:
        """Return the last rollout of an alias, with its decisions."""
        return await self._run(rollouts.find(self._repeater, model, alias), timeout)

    async def rollouts(self, *, lasting: bool = False, timeout: float | None = None) -> list[Rollout]:
        """Return rollouts without their decisions, newest first; ``lasting``: only those that have not ended."""
        return await self._run(rollouts.listed(self._repeater, lasting), timeout)

    async def pause_rollout(
        self, model: str, *, alias: str = "stable", terms: Terms = ANY, timeout: float | None = None
    ) -> Rollout:
        """Keep the shares of a rollout as they are until it is resumed."""
        return await self._run(rollouts.change(self._repeater, "pause", model, alias, terms), timeout)

    async def resume_rollout(
        self, model: str, *, alias: str = "stable", terms: Terms = ANY, timeout: float | None = None
    ) -> Rollout:
        """Go on with a paused rollout; its step starts again."""
        return await self._run(rollouts.change(self._repeater, "resume", model, alias, terms), timeout)

    async def abort_rollout(
        self, model: str, *, alias: str = "stable", terms: Terms = ANY, timeout: float | None = None
    ) -> Rollout:
        """End a rollout: all calls go to the version before."""
        return await self._run(rollouts.change(self._repeater, "abort", model, alias, terms), timeout)

    async def promote_rollout(
        self, model: str, *, alias: str = "stable", terms: Terms = ANY, timeout: float | None = None
    ) -> Rollout:
        """End a rollout: all calls go to the new version."""
        return await self._run(rollouts.change(self._repeater, "promote", model, alias, terms), timeout)
