"""The calls about hints and placement of the asyncio client of a control plane."""

from __future__ import annotations

from pretzel.client import placement
from pretzel.client.async_rolling_calls import AsyncRollingCalls
from pretzel.client.placement import ServingWorker
from pretzel.plan.hints import Hinting
from pretzel.plan.model import Model
from pretzel.plan.terms import ANY, Terms


class AsyncPlacementCalls(AsyncRollingCalls):
    """The part of a client about where models are kept loaded, and about how versions take over."""

    async def hints(
        self,
        model: str,
        *,
        pin: bool | None = None,
        replicas: int | None = None,
        workers: str | None = None,
        terms: Terms = ANY,
        timeout: float | None = None,
    ) -> Model:
        """Change hints of a model; see :meth:`pretzel.client.planes.ControlPlane.hints`."""
        hinting = Hinting(pin, replicas, workers)
        return await self._run(placement.set_hints(self._repeater, model, hinting, terms), timeout)

    async def where(self, model: str, *, timeout: float | None = None) -> list[ServingWorker]:
        """List the live workers that serve a model; see :meth:`pretzel.client.planes.ControlPlane.where`."""
        return await self._run(placement.find_workers(self._repeater, model), timeout)
