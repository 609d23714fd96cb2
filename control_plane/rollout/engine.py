"""The decision about the present step of a rollout.  It reads no clock and has no state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pretzel.plan.rollout import PROMOTED, ROLLED_BACK, RUNNING, Decision, Figures, Rollout
from pretzel.plan.traffic import percent

ADVANCE, PROMOTE, ROLL_BACK, END = "advance", "promote", "roll back", "end"


@dataclass(frozen=True, slots=True)
class Observations:
    """The calls of both versions in the present step of a rollout."""

    version: Figures = Figures()
    stable: Figures = Figures()
    held: str = ""
    """Why some worker does not serve the model as published; empty if all do."""
    compared: int = 0
    """Answers of the new version that were compared with those of the version before."""
    disagreeing: int = 0
    """Those that differ."""


def step(now: float, rollout: Rollout, seen: Observations) -> tuple[Rollout, Decision | None]:
    """Return the rollout after a look at it, and the decision; None if it stays as it is."""
    if rollout.status != RUNNING:
        return rollout, None
    lasted = now - rollout.began
    broken = next(_broken(rollout, seen, lasted), "")
    if broken:
        return _decided(now, rollout, ROLL_BACK, broken, seen)
    if lasted < rollout.every or seen.version.calls < rollout.rules.calls:
        return rollout, None
    last = rollout.step + 2 >= len(rollout.steps)  # at the last step, all calls go to the new version
    reason = f"no rule was broken in {lasted:.1f} s and {seen.version.calls:,} calls at {_share(rollout)}"
    return _decided(now, rollout, PROMOTE if last else ADVANCE, reason, seen)


def _decided(now: float, rollout: Rollout, what: str, reason: str, seen: Observations) -> tuple[Rollout, Decision]:
    decision = Decision(now, rollout.step, what, reason, "", seen.version, seen.stable)
    if what == ROLL_BACK:
        return replace(rollout, status=ROLLED_BACK, ended=now, reason=reason), decision
    after = replace(rollout, step=rollout.step + 1, began=now, reason=reason)
    return (replace(after, status=PROMOTED, ended=now) if what == PROMOTE else after), decision


def _broken(rollout: Rollout, seen: Observations, lasted: float) -> Iterator[str]:
    """Return the rules that are broken, each as a sentence with its figures."""
    rules, new, old = rollout.rules, seen.version, seen.stable
    name = f"version {rollout.version}"
    if seen.held:
        yield f"{name} is held back: {seen.held}"
    if new.calls < rules.calls:
        if rules.patience and lasted >= rules.patience:
            yield f"{name} had {new.calls:,} calls in {lasted:.1f} s; {rules.calls:,} are needed (patience)"
        return
    if rules.errors and new.errors > old.errors + rules.errors:
        failed = f"{new.faults:,} failed and {new.refusals:,} refused of {new.calls:,} calls"
        yield f"{name}: {failed}, {new.errors:.2%}, and {old.errors:.2%} of version {rollout.stable} (errors)"
    if rules.all_errors and new.faults > rules.all_errors * new.calls:
        yield f"{name}: {new.faults:,} of {new.calls:,} calls failed (all_errors)"
    enough = old.calls >= rules.calls and old.p99 > 0
    if rules.latency and enough and new.p99 > max(rules.latency * old.p99, old.p99 + rules.slack):
        yield f"{name}: p99 {_ms(new.p99)}, and {_ms(old.p99)} of version {rollout.stable} (latency)"
    if rules.disagreement and seen.compared >= rules.calls and seen.disagreeing > rules.disagreement * seen.compared:
        differ = f"{seen.disagreeing:,} of {seen.compared:,} answers differ"
        yield f"{name}: {differ} from those of version {rollout.stable} (disagreement)"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms"


def _share(rollout: Rollout) -> str:
    return f"{percent(rollout.steps[rollout.step])} %"
