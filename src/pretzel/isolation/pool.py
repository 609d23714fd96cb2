"""Pools of side processes: idle ones by the object that they hold, and the zygotes that fork them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from pretzel.errors import DeadlineError, ExhaustedError, PreconditionError, PretzelError
from pretzel.isolation.environments import Environment, Interpreter
from pretzel.isolation.limits import Allowed
from pretzel.isolation.process import SideProcess
from pretzel.isolation.zygote import Zygote

Key = tuple[str, ...]
MOST_ZYGOTES = 8
"""Environments that are kept ready besides those with side processes; others start again when they are needed."""


class Pool:
    """Side processes of a server, at most so many as it allows.  Thread-safe."""

    def __init__(self, allowed: Allowed) -> None:
        """Start none yet."""
        self.allowed = allowed
        self._zygotes: OrderedDict[tuple[Interpreter, Environment], Zygote] = OrderedDict()
        self._starting = threading.Lock()
        self._change = threading.Condition()
        self._idle: OrderedDict[SideProcess, Key] = OrderedDict()
        self._count = 0
        self._closed = False

    def take(self, key: Key, make: Callable[[], SideProcess], deadline: float) -> SideProcess:
        """Return an idle process for a key, or a new one; wait while the most processes run.

        Raises:
            DeadlineError, ExhaustedError: none became free in time.
        """
        limit = self.allowed.limits.seconds
        until = time.monotonic() + limit
        until = min(until, deadline) if deadline else until
        with self._change:
            while (found := self._found(key)) is None and self._count >= self.allowed.processes:
                if not self._change.wait(until - time.monotonic()) and time.monotonic() >= until:
                    raise _late(self.allowed.processes, bool(deadline) and until >= deadline)
            if found is not None:
                return found
            self._count += 1
        try:
            return make()
        except BaseException:
            self._left()
            raise

    def give_back(self, key: Key, process: SideProcess) -> None:
        """Keep a process for the next call of its object, or replace it if it is spent."""
        if process.is_spent or self._closed:
            self.drop(process)
            return
        with self._change:
            self._idle[process] = key
            self._change.notify()

    def drop(self, process: SideProcess) -> None:
        """End a process."""
        process.close()
        self._left()

    def zygote(self, interpreter: Interpreter, environment: Environment) -> Zygote:
        """Return the zygote of an environment, started now if there is none.

        Raises:
            UnavailableError: it cannot be started now.
        """
        key = interpreter, environment
        with self._starting:
            if self._closed:
                raise PreconditionError("the server is stopping")
            known = self._zygotes.get(key)
            if known is None or not known.alive:
                names = sorted(environment.versions)
                known = self._zygotes[key] = Zygote(interpreter, names, self.allowed.limits)
            self._zygotes.move_to_end(key)
            self._end_unused(known)
            return known

    def _end_unused(self, latest: Zygote) -> None:
        """End the zygotes beyond the most, except for those with side processes, which end with them."""
        unused = [key for key, zygote in self._zygotes.items() if zygote is not latest and not zygote.children]
        for key in unused[: max(0, len(self._zygotes) - MOST_ZYGOTES)]:
            self._zygotes.pop(key).close()

    def warm(self, interpreter: Interpreter, environment: Environment) -> None:
        """Start the zygote of an environment in the background: its imports would delay the first call."""

        def start() -> None:
            with suppress(PretzelError):
                self.zygote(interpreter, environment)

        if (interpreter, environment) not in self._zygotes:
            threading.Thread(target=start, name="zygote", daemon=True).start()

    def close(self) -> None:
        """End all processes."""
        with self._change:
            self._closed = True
            idle, self._idle = list(self._idle), OrderedDict()
        for process in idle:
            self.drop(process)
        with self._starting:
            for zygote in self._zygotes.values():
                zygote.close()
            self._zygotes.clear()

    @property
    def processes(self) -> int:
        """Number of side processes."""
        return self._count

    def _found(self, key: Key) -> SideProcess | None:
        """Return an idle process for a key; at the limit, end the one that was idle for longest."""
        if self._closed:
            raise PreconditionError("the server is stopping")
        for process in [process for process, held in reversed(self._idle.items()) if held == key]:
            del self._idle[process]
            if not process.is_spent:
                return process
            process.close()
            self._count -= 1
        if self._count >= self.allowed.processes and self._idle:
            self._idle.popitem(last=False)[0].close()
            self._count -= 1
        return None

    def _left(self) -> None:
        with self._change:
            self._count -= 1
            self._change.notify()


def _late(processes: int, by_deadline: bool) -> Exception:
    if by_deadline:
        return DeadlineError(f"all {processes} side processes were busy until the deadline; retry with a longer one")
    error = ExhaustedError(f"all {processes} side processes are busy; retry later, or raise python_processes")
    error.retry_after = 1.0
    return error
