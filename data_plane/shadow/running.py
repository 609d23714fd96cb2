"""Runs the copies of calls on the plans of their shadows, on one thread behind all other work."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Self

import structlog

from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.routes import Router
from pretzel.data_plane.scheduling.niceness import yield_core
from pretzel.data_plane.scheduling.request import RequestEngine
from pretzel.data_plane.settings import Settings
from pretzel.data_plane.shadow.comparing import compared
from pretzel.data_plane.shadow.copies import Copier, Copies, Copy, Message, Part, Values
from pretzel.engine import Executable
from pretzel.errors import InputError
from pretzel.plan.wire.shadows import answers_of, call_of, figures_to_bytes

SHADOWS = "shadows"
"""Name of the background task that reports figures."""
REPORT_SECONDS = 0.5
"""Time between two reports of figures to the supervisor."""
BATCH = 32
"""Copies that are taken at once."""
IDLE_SECONDS = 0.2
"""Longest wait for a copy, after which the thread looks whether it is to end."""
LOAD_SECONDS = 60.0
"""Time for the load of a shadow's plan."""
RUN_SECONDS = 30.0
"""Time for the run of one copy."""
BUSY_SECONDS = 1.0
"""Longest wait for calls that wait for an executor thread."""
MOST_FAILURE = 500
"""Characters of a failure in figures."""
log = structlog.get_logger(__name__)


class Shadows:
    """The shadows of one process."""

    def __init__(
        self, copies: Copies, plans: PlanCatalog, router: Router, engine: RequestEngine, examples: bool = False
    ) -> None:
        """Run the copies of a queue; ``examples`` keeps rows that differ."""
        self.copies, self._plans, self._router, self._engine = copies, plans, router, engine
        self._examples = examples
        self.source = uuid.uuid4().hex
        """Identifies the figures of this process."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._work, name="shadow", daemon=True)

    @classmethod
    def of(cls, settings: Settings, plans: PlanCatalog, router: Router, engine: RequestEngine) -> Self:
        """Return the shadows of a process with these settings."""
        copies = Copies(settings.shadow_queue_calls, settings.shadow_queue_bytes)
        return cls(copies, plans, router, engine, settings.shadow_examples)

    async def run(self, send: Callable[..., None]) -> None:
        """Run copies, and send the figures whenever they have changed, until cancelled."""
        self._loop = asyncio.get_running_loop()
        if not self._thread.is_alive():
            self._thread.start()
        sent: list[bytes] = []
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            if self.copies.counts()["shadow_calls"]:
                figures = await asyncio.to_thread(lambda: list(map(figures_to_bytes, self.copies.figures())))
                if figures != sent:
                    send("shadows", source=self.source, figures=figures)
                    sent = figures

    def close(self) -> None:
        """End the thread after the copy that it runs; what waits is lost."""
        self._ends.set()
        if self._thread.is_alive():
            self._thread.join(RUN_SECONDS)

    def _work(self) -> None:
        yield_core()
        while not self._ends.is_set():
            taken = self.copies.take(BATCH, IDLE_SECONDS)
            if taken:
                try:
                    self._run(taken)
                except Exception as error:  # of the loop that ends, or a fault here: the thread continues
                    log.error("copies of calls could not be compared", error=repr(error))

    def _run(self, taken: Sequence[Copy]) -> None:
        copier = taken[0].copier
        try:
            executable = self._ready(copier)
        except Exception as error:
            for _ in taken:
                self._fail(copier, error)
            return
        if executable is None:
            self.copies.drop(taken)
            return
        for copy in taken:
            self._stand_back()
            begun = time.monotonic()
            try:
                self._compare(executable, copy)
            except Exception as error:
                self._fail(copier, error)
            # Its Python code holds the GIL: half of the time, at most.
            self._ends.wait(min(time.monotonic() - begun, 1.0))

    def _ready(self, copier: Copier) -> Executable | None:
        """Return the executable of a shadow, loaded if need be; None if the shadow has ended."""
        assert self._loop is not None
        loading = asyncio.run_coroutine_threadsafe(self._load(copier), self._loop)
        try:
            return loading.result(LOAD_SECONDS)
        except TimeoutError:
            loading.cancel()
            raise

    async def _load(self, copier: Copier) -> Executable | None:
        figures = copier.figures
        model = self._router.catalog.get(figures.model)
        shadow = model.shadows.get(figures.alias) if model else None
        if shadow is None or shadow.id != figures.id:
            return None
        executable: Executable | None = copier.entry.executable
        return executable or await self._plans.load(copier.entry)

    def _stand_back(self) -> None:
        """Wait while calls wait for an executor thread, for a bounded time."""
        until = time.monotonic() + BUSY_SECONDS
        while self._engine.queued and time.monotonic() < until and not self._ends.is_set():
            self._ends.wait(0.002)

    def _compare(self, executable: Executable, copy: Copy) -> None:
        values = _values(copy.content)
        asked = values.outputs or tuple(dict.fromkeys((*values.results, *executable.usual)))
        outputs = tuple(name for name in asked if name in executable.outputs)
        got: dict[str, Any] = {}
        if outputs:
            got = executable.run(values.columns, outputs, deadline=time.monotonic() + RUN_SECONDS)
        copies, figures = self.copies, copy.copier.figures
        found = compared(figures.empty(), got, values.results, values.columns, self._examples)
        with copies.lock:
            figures.add(found)

    def _fail(self, copier: Copier, error: Exception) -> None:
        with self.copies.lock:
            copier.figures.failures += 1
            copier.figures.last_failure = f"{type(error).__name__}: {error}"[:MOST_FAILURE]


def _values(content: Values | Message | Part) -> Values:
    """Return a call and its answer as values.

    Raises:
        InputError: the answer has no outputs.
    """
    if isinstance(content, Values):
        return content
    values = _decoded(content) if isinstance(content, Message) else content.values()
    if not values.results:
        raise InputError("the answer that was given has no outputs")
    return values


def _decoded(content: Message) -> Values:
    columns, outputs = call_of(content.call, content.streamed)
    return Values(columns, outputs, answers_of(content.answer, content.streamed))
