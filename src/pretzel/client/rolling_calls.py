"""The calls about traffic and freezes of the blocking client of a control plane."""

from __future__ import annotations

from collections.abc import Mapping

from pretzel.client import rolling
from pretzel.client.repeating import Repeater
from pretzel.client.rolling import Freeze
from pretzel.client.rollout_calls import RolloutCalls
from pretzel.plan.model import Model
from pretzel.plan.shadows import ShadowReport
from pretzel.plan.terms import ANY, Terms


class RollingCalls(RolloutCalls):
    """The part of a client about how versions take over."""

    _repeater: Repeater

    def traffic(
        self,
        model: str,
        shares: Mapping[int, float],
        *,
        alias: str = "stable",
        terms: Terms = ANY,
        timeout: float | None = None,
    ) -> Model:
        """Split the calls of an alias over versions, in percent with two decimals at most, and return the model.

        A version that has all calls becomes the one that the alias points to.
        """
        return self._run(rolling.set_traffic(self._repeater, model, shares, alias, terms), timeout)

    def shadow(
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
        return self._run(rolling.set_shadow(self._repeater, model, version, percent, alias, terms), timeout)

    def shadow_report(self, model: str, *, alias: str = "stable", timeout: float | None = None) -> ShadowReport:
        """Return what the shadow of an alias has shown so far, on all workers."""
        return self._run(rolling.describe_shadow(self._repeater, model, alias), timeout)

    def freeze(self, pattern: str, *, until: float = 0.0, reason: str = "", timeout: float | None = None) -> Freeze:
        """Refuse changes of models until a time in seconds since the epoch, or until :meth:`unfreeze`.

        ``pattern`` is the name of a model, or the start of names and a star.
        """
        return self._run(rolling.freeze(self._repeater, pattern, until, reason), timeout)

    def unfreeze(self, pattern: str, *, timeout: float | None = None) -> None:
        """End the freeze of a pattern."""
        self._run(rolling.unfreeze(self._repeater, pattern), timeout)

    def freezes(self, *, timeout: float | None = None) -> list[Freeze]:
        """Return the freezes that last, by pattern."""
        return self._run(rolling.freezes(self._repeater), timeout)
