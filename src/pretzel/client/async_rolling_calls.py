"""The calls about traffic and freezes of the asyncio client of a control plane."""

from __future__ import annotations

from collections.abc import Mapping

from pretzel.client import rolling
from pretzel.client.async_rollout_calls import AsyncRolloutCalls
from pretzel.client.repeating import Repeater
from pretzel.client.rolling import Freeze
from pretzel.plan.model import Model
from pretzel.plan.shadows import ShadowReport
from pretzel.plan.terms import ANY, Terms


class AsyncRollingCalls(AsyncRolloutCalls):
    """The part of a client about how versions take over."""

    _repeater: Repeater

    async def traffic(
        self,
        model: str,
        shares: Mapping[int, float],
        *,
        alias: str = "stable",
        terms: Terms = ANY,
        timeout: float | None = None,
    ) -> Model:
        """Split the calls of an alias over versions; see :meth:`pretzel.client.planes.ControlPlane.traffic`."""
        return await self._run(rolling.set_traffic(self._repeater, model, shares, alias, terms), timeout)

    async def shadow(
        self,
        model: str,
        version: int,
        percent: float,
        *,
        alias: str = "stable",
        terms: Terms = ANY,
        timeout: float | None = None,
    ) -> Model:
        """Send copies of a share of an alias's calls to a version, and return the model; 0 percent ends that.

        The answers of the version reach no caller; they are compared with those that were given.
        """
        return await self._run(rolling.set_shadow(self._repeater, model, version, percent, alias, terms), timeout)

    async def shadow_report(self, model: str, *, alias: str = "stable", timeout: float | None = None) -> ShadowReport:
        """Return what the shadow of an alias has shown so far, on all workers."""
        return await self._run(rolling.describe_shadow(self._repeater, model, alias), timeout)

    async def freeze(
        self, pattern: str, *, until: float = 0.0, reason: str = "", timeout: float | None = None
    ) -> Freeze:
        """Refuse changes of models until a time in seconds since the epoch, or until :meth:`unfreeze`.

        ``pattern`` is the name of a model, or the start of names and a star.
        """
        return await self._run(rolling.freeze(self._repeater, pattern, until, reason), timeout)

    async def unfreeze(self, pattern: str, *, timeout: float | None = None) -> None:
        """End the freeze of a pattern."""
        await self._run(rolling.unfreeze(self._repeater, pattern), timeout)

    async def freezes(self, *, timeout: float | None = None) -> list[Freeze]:
        """Return the freezes that last, by pattern."""
        return await self._run(rolling.freezes(self._repeater), timeout)
