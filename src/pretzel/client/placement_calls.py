"""The calls about hints and placement of the blocking client of a control plane."""

from __future__ import annotations

from pretzel.client import placement
from pretzel.client.placement import ServingWorker
from pretzel.client.rolling_calls import RollingCalls
from pretzel.plan.hints import Hinting
from pretzel.plan.model import Model
from pretzel.plan.terms import ANY, Terms


class PlacementCalls(RollingCalls):
    """The part of a client about where models are kept loaded, and about how versions take over."""

    def hints(
        self,
        model: str,
        *,
        pin: bool | None = None,
        replicas: int | None = None,
        workers: str | None = None,
        terms: Terms = ANY,
        timeout: float | None = None,
    ) -> Model:
        """Change which workers serve a model and which keep it loaded, and return the model.

        Args:
            model: the name of the model.
            pin: whether the workers that keep it loaded never evict it.
            replicas: the least number of workers that keep it loaded; 0: as the control plane is set.
            workers: a selector of the labels of the workers that serve it, as ``tier=fast``; empty: all.
            terms: conditions of the change.
            timeout: seconds for the call.

        A hint that is None stays as it is.
        """
        hinting = Hinting(pin, replicas, workers)
        return self._run(placement.set_hints(self._repeater, model, hinting, terms), timeout)

    def where(self, model: str, *, timeout: float | None = None) -> list[ServingWorker]:
        """List the live workers that serve a model: first those that keep it loaded, then those that load it."""
        return self._run(placement.find_workers(self._repeater, model), timeout)
