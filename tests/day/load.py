"""The clients of the day: callers that measure each call, and deployers that remember what was acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import pretzel
from pretzel.errors import PreconditionError, PretzelError
from tests.day.models import model
from tests.faults.load import Expected, Load

DEPLOY_PAUSE_SECONDS = 0.5
OTHER_KERNELS = "it is for kernels"
"""The reason that a worker gives for a plan of other kernels."""
CANARY_PAUSE_SECONDS = 0.002
DEPLOYED = 5
"""Models that get new versions all day."""


class Callers(Load):
    """Callers of known models, with the seconds that each call took."""

    def __init__(self, address: str, models: Callable[[], dict[str, Expected]]) -> None:
        """Call the models that ``models`` returns at the time."""
        super().__init__(address, models)
        self.seconds: list[float] = []

    def _ask(self, client: pretzel.Client, name: str, known: Expected) -> None:
        began = time.perf_counter()
        super()._ask(client, name, known)
        self.seconds.append(time.perf_counter() - began)


class Deployer(threading.Thread):
    """A client that deploys new versions all day, each acknowledged before the next; used as a context."""

    def __init__(self, plane: pretzel.ControlPlane) -> None:
        super().__init__(daemon=True)
        self.acknowledged: list[Any] = []
        self.failed: list[str] = []
        self.held_back = 0
        """Of the acknowledged, those that some workers cannot serve yet, as an error said."""
        self.slowest = 0.0
        self._plane, self._ended = plane, threading.Event()

    def __enter__(self) -> Deployer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join(60)

    def run(self) -> None:
        """Deploy until it is stopped."""
        number = 0
        while not self._ended.is_set():
            self._deploy(f"daily-{number % DEPLOYED}", 10_000 + number)
            number += 1
            self._ended.wait(DEPLOY_PAUSE_SECONDS)

    def _deploy(self, name: str, seed: int) -> None:
        known, began = model(seed), time.perf_counter()
        try:
            version = self._plane.deploy(name, known.estimator, sample=known.rows)
        except PreconditionError as error:
            if OTHER_KERNELS not in str(error):
                self.failed.append(f"{name}: {error!r}")
                return
            version = self._plane.model(name).versions[-1]
            self.held_back += 1
        except PretzelError as error:
            self.failed.append(f"{name}: {error!r}")
            return
        self.acknowledged.append(version)
        self.slowest = max(self.slowest, time.perf_counter() - began)

    def problems(self) -> list[str]:
        """Return what is wrong with the catalog: acknowledged versions that are missing, and versions made twice."""
        made = {(version.model, version.version): version.definition for version in self.acknowledged}
        found = {
            (version.model, version.version): version.definition
            for listed in self._plane.models(prefix="daily-")
            for version in listed.versions
        }
        lost = [f"version {key} was acknowledged and is lost" for key in made if found.get(key) != made[key]]
        # A deployment that failed may have been published: its client was not answered.
        more = len(found) - len(made)
        return lost + ([f"{more} versions more than acknowledged"] if more > len(self.failed) else [])


class CanaryCallers(threading.Thread):
    """A caller of one model with two versions, whose answers must be those of one of them."""

    def __init__(self, address: str, name: str, versions: dict[int, Expected]) -> None:
        super().__init__(daemon=True)
        self.answered = dict.fromkeys(versions, 0)
        self.problems: list[str] = []
        self._address, self._model, self._versions, self._ended = address, name, versions, threading.Event()

    def __enter__(self) -> CanaryCallers:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join(60)

    def run(self) -> None:
        """Call until it is stopped."""
        rows = next(iter(self._versions.values())).rows
        with pretzel.Client(self._address, timeout=30) as client:
            while not self._ended.is_set():
                try:
                    self._check(client.predict_proba(self._model, rows))
                except PretzelError as error:
                    self.problems.append(repr(error))
                self._ended.wait(CANARY_PAUSE_SECONDS)

    def _check(self, answers: np.ndarray) -> None:
        for version, known in self._versions.items():
            if np.allclose(answers, known.answers, rtol=1e-6, atol=1e-9):
                self.answered[version] += 1
                return
        self.problems.append("an answer of neither version")
