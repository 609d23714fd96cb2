"""Verification for deployments: takes a plan and a sample, returns the measured error, and survives any plan."""

from __future__ import annotations

import queue
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pretzel.control_plane.verify.compare import Tolerance
from pretzel.control_plane.verify.job import Limits, Python, Sample, error_of, job_bytes
from pretzel.control_plane.verify.process import Child
from pretzel.engine.executable import Observed
from pretzel.errors import PretzelError, UnavailableError
from pretzel.plan.digest import Digest
from pretzel.plan.plan import Plan

COMMAND = (sys.executable, "-P", "-m", "pretzel.control_plane.verify.child")


@dataclass(frozen=True, slots=True)
class Verified:
    """Result of a run over a sample."""

    worst: Mapping[str, float]
    """Largest difference of each output, relative to the scale of its column."""
    observed: Sequence[Observed]
    """Time and entries of each stage over the whole sample; none without one."""
    ties: int = 0
    """Number of labels that differ at ties, where rounding decides the library's own label."""


class Verifier:
    """Children, at least one of them warm.  Safe for many threads.

    One that died, failed or served enough jobs is replaced at once.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        children: int = 1,
        jobs: int = 100,
        command: Sequence[str] = COMMAND,
        python: Python | None = None,
    ) -> None:
        self.python = python or Python()
        """Whether Python stages run in verification."""
        self.limits = limits or Limits()
        self.jobs = jobs
        self._command = command
        self._children: queue.LifoQueue[Child | None] = queue.LifoQueue()
        """Idle children, the last used first; None in place of one that is started when needed.

        One child is warm from the start: most control planes never verify two plans at once.
        """
        for _ in range(children - 1):
            self._children.put(None)
        self._children.put(Child(command))
        self._busy: set[Child] = set()
        self._closed = False
        self._failure: OSError | None = None
        """Reason of the last failed start."""

    def verify(
        self, plan: Plan, objects: Mapping[Digest, Path | bytes], sample: Sample | None, tolerance: Tolerance
    ) -> Verified:
        """Run a plan over a sample, compare its outputs, and return the errors and observations.

        Without a sample the plan is only loaded.

        Raises:
            VerificationError: an output differs (the message names it), or the plan crashed.
            InputError: the sample does not fit the plan.
            ExhaustedError: the plan exceeded a limit of memory or time.
        """
        job = job_bytes(plan, objects, sample, tolerance, self.limits, self.python)
        answer = self._ask(job)
        if "error" in answer:
            raise error_of(answer)
        return Verified(answer["worst"], [Observed(*step) for step in answer["observed"]], answer["ties"])

    def close(self) -> None:
        """End the children; a running verification fails as UNAVAILABLE."""
        self._closed = True
        for child in list(self._busy):
            child.kill()
        while not self._children.empty():
            if idle := self._children.get_nowait():
                idle.close()

    def _ask(self, job: bytes) -> Mapping[str, Any]:
        child = self._take()
        self._busy.add(child)
        fresh = True
        try:
            answer: Mapping[str, Any] = child.ask(job, self.limits.seconds)
            fresh = child.jobs >= self.jobs or bool(answer.get("retire"))
            return answer
        except PretzelError:
            if self._closed:
                raise UnavailableError("the control plane is stopping; deploy again in a moment") from None
            raise
        finally:
            self._busy.discard(child)
            if self._closed:
                child.close()
            else:
                self._children.put(self._replacement(child) if fresh else child)

    def _take(self) -> Child:
        """Return a live child; if none can be started, the slot of the one that was taken stays empty.

        Raises:
            UnavailableError: the machine is short of processes, descriptors or memory for a child.
        """
        child = self._children.get()
        if child is not None and child.alive:
            return child
        fresh = self._replacement(child)
        if fresh is None:
            self._children.put(None)
            raise UnavailableError(f"verification: no child can be started now ({self._failure}); deploy again later")
        return fresh

    def _replacement(self, child: Child | None) -> Child | None:
        if child is not None:
            child.close()
        try:
            return Child(self._command)
        except OSError as error:
            self._failure = error
            return None
