"""Pools of side processes: idle ones by the object that they hold, and the zygotes that fork them."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from pretzel.errors import CancelledError, DeadlineError, ExhaustedError, PreconditionError, PretzelError
from pretzel.isolation.environments import Environment, Interpreter
from pretzel.isolation.limits import Allowed
from pretzel.isolation.process import SideProcess
from pretzel.isolation.waiting import awaited, begun
from pretzel.isolation.zygote import Zygote

Key = tuple[str, ...]
MOST_ZYGOTES = 8
"""Environments that are kept ready besides those with side processes; others start again when they are needed."""


class Pool:
    """Side processes of a server, at most so many as it allows.  Thread-safe."""

    def __init__(self, allowed: Allowed) -> None:
        """Start none yet."""
        self.allowed = allowed
        self._zygotes: OrderedDict[tuple[Interpreter, Environment], Future[Zygote]] = OrderedDict()
        self._lock = threading.Lock()
        """Held to look up zygotes, never while one starts or ends."""
        self._late: Counter[Key] = Counter()
        """Processes that are being started, and that no call waits for."""
        self._change = threading.Condition()
        self._idle: OrderedDict[SideProcess, Key] = OrderedDict()
        self._count = 0
        self._closed = False

    def take(self, key: Key, make: Callable[[], SideProcess], deadline: float, token: Any = None) -> SideProcess:
        """Return an idle process for a key, or a new one; wait while the most processes run.

        A process that is not ready at the deadline is kept for the next call of its object, which waits for it.

        Raises:
            DeadlineError, CancelledError, ExhaustedError: none became free or ready in time.
        """
        limit = self.allowed.limits.seconds
        until = time.monotonic() + limit
        until = min(until, deadline) if deadline else until
        with self._change:
            while (found := self._found(key)) is None and (key in self._late or self._count >= self.allowed.processes):
                if not self._change.wait(until - time.monotonic()) and time.monotonic() >= until:
                    raise _busy(self.allowed.processes, bool(deadline) and until >= deadline)
            if found is not None:
                return found
            self._count += 1
        made = begun(make, "side process")
        try:
            return awaited(made, deadline, token, "a side process started")
        except (DeadlineError, CancelledError):
            with self._change:
                self._late[key] += 1
            made.add_done_callback(lambda late: self._finished(key, late))
            raise
        except BaseException:
            self._left()
            raise

    def _finished(self, key: Key, made: Future[SideProcess]) -> None:
        """Keep a process whose call did not wait for it."""
        with self._change:
            self._late[key] -= 1
            if not self._late[key]:
                del self._late[key]
        if made.exception() is None:
            self.give_back(key, made.result())
        else:
            self._left()

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

    def zygote(
        self, interpreter: Interpreter, environment: Environment, deadline: float = 0.0, token: Any = None
    ) -> Zygote:
        """Return the zygote of an environment, started now if there is none; others start and serve meanwhile.

        Raises:
            UnavailableError: it cannot be started now.
            DeadlineError, CancelledError: it was not ready in time; it continues to start, for the next call.
        """
        return awaited(self._starting(interpreter, environment), deadline, token, "the environment of its step started")

    def _starting(self, interpreter: Interpreter, environment: Environment) -> Future[Zygote]:
        key = interpreter, environment
        with self._lock:
            if self._closed:
                raise PreconditionError("the server is stopping")
            known, ended = self._zygotes.get(key), None
            if known is None or (known.done() and not _is_alive(known)):
                ended, names = known, sorted(environment.versions)
                known = begun(lambda: Zygote(interpreter, names, self.allowed.limits), "zygote")
                known.add_done_callback(self._close_late)
                self._zygotes[key] = known
            self._zygotes.move_to_end(key)
            unused = [*self._unused(known), *([ended] if ended is not None else [])]
        for future in unused:
            _close(future)
        return known

    def _unused(self, latest: Future[Zygote]) -> list[Future[Zygote]]:
        """Remove the zygotes beyond the most, except for those with side processes, which end with them."""
        idle = [key for key, one in self._zygotes.items() if one is not latest and one.done() and not _children(one)]
        return [self._zygotes.pop(key) for key in idle[: max(0, len(self._zygotes) - MOST_ZYGOTES)]]

    def _close_late(self, started: Future[Zygote]) -> None:
        """End a zygote that became ready after the server began to stop."""
        if self._closed:
            _close(started)

    def warm(self, interpreter: Interpreter, environment: Environment) -> None:
        """Start the zygote of an environment in the background: its imports would delay the first call."""
        with suppress(PretzelError):
            self._starting(interpreter, environment)

    def close(self) -> None:
        """End all processes."""
        with self._change:
            self._closed = True
            idle, self._idle = list(self._idle), OrderedDict()
        for process in idle:
            self.drop(process)
        with self._lock:
            zygotes, self._zygotes = list(self._zygotes.values()), OrderedDict()
        for started in zygotes:
            if started.done():
                _close(started)

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


def _is_alive(started: Future[Zygote]) -> bool:
    return started.exception() is None and started.result().alive


def _children(started: Future[Zygote]) -> int:
    return started.result().children if _is_alive(started) else 0


def _close(started: Future[Zygote]) -> None:
    if started.exception() is None:
        started.result().close()


def _busy(processes: int, by_deadline: bool) -> Exception:
    if by_deadline:
        return DeadlineError(f"all {processes} side processes were busy until the deadline; retry with a longer one")
    error = ExhaustedError(f"all {processes} side processes are busy; retry later, or raise python_processes")
    error.retry_after = 1.0
    return error
