"""The queue in front of the executor threads: cheap requests first, none starved, memory reserved before its use."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections.abc import Callable, Sequence

from pretzel.data_plane.scheduling.backlogs import ANY_SIZE, Backlogs
from pretzel.data_plane.scheduling.gathering import Bounds, companions, expected_of, expected_together
from pretzel.data_plane.scheduling.niceness import NICE, yield_core
from pretzel.data_plane.scheduling.pace import Pace
from pretzel.data_plane.scheduling.policy import CHEAPER, LONGEST_YIELD, NORMAL, Rank, is_cheaper, priority
from pretzel.data_plane.scheduling.task import Gatherable, Task, Work
from pretzel.kernels.team import Team


class ExecutorQueue:
    """Threads that run tasks in priority order, and one reserved thread that takes only much cheaper tasks.

    The reserved thread has no dedicated core: the system shares the cores, so a cheap request waits neither for the end
    of an expensive run nor for a point where that could be interrupted.
    """

    def __init__(self, threads: int, memory: int, clock: Callable[[], float], gather_rows: int = 0) -> None:
        """All running tasks together may reserve ``memory`` bytes, and alike ones run as one up to ``gather_rows``.

        Threads start with the first task, or with :meth:`start`.
        """
        self.threads, self.memory, self._clock, self._gather_rows = threads, memory, clock, gather_rows
        self._waiting: list[Task] = []
        self._leveled = False  # a task of another level than the normal one came since the queue was empty
        self._backlogs = Backlogs()
        self._running: set[Task] = set()
        self._numbers = itertools.count()
        lock = threading.Lock()
        self._ready = threading.Condition(lock)
        self._cheap = threading.Condition(lock)  # for the reserved thread, which most requests do not wake
        self._reserved: Task | None = None
        self._started: list[threading.Thread] = []
        self._closed = False
        self.held = 0
        """Bytes that running tasks have reserved."""
        self.pace = Pace()
        self.team = Team(threads, NICE)
        """Threads that take parts of running tasks, while fewer tasks run than there are threads."""
        self._own = threading.local()

    def note_help(self, seconds: float) -> None:
        """Record processor time of the team in the calling thread's task: that of the task is known without it."""
        self._own.helped = seconds

    def submit(
        self, work: Work, expected: float, size: int, rank: Rank | None = None, gatherable: Gatherable | None = None
    ) -> Task:
        """Queue work with its expected seconds and bytes; the outcome arrives through ``done``.

        Raises:
            RuntimeError: the machine is short of memory or threads, and none is started yet.
        """
        rank = rank or Rank(work)
        with self._ready:
            arrival = self._clock()
            key = self._backlogs.key(arrival, expected, size, rank)
            task = Task(work, expected, size, arrival, next(self._numbers), rank, key, gatherable)
            if self._closed:
                task.done.cancel()
                return task
            self._start_missing()
            heapq.heappush(self._waiting, task)
            self._backlogs.add(rank, key, expected, size)
            self._leveled |= task.rank.level != NORMAL
            self._wake()
        return task

    def start(self) -> None:
        """Start the threads now, so that a later shortage of memory or threads cannot prevent it."""
        with self._ready:
            self._start_missing()

    def drop(self, task: Task) -> None:
        """Remove a task that its caller cancelled, and release what it holds, unless it runs already."""
        with self._ready:
            if task not in self._waiting:
                return  # it runs, has ended, or the queue was closed
            task.work = None
            self._remove(task)
            self._wake()

    def withdraw(self, choose: Callable[[Sequence[Task]], list[Task]]) -> list[Task]:
        """Take the chosen ones of the waiting tasks out of the queue, and return them."""
        with self._ready:
            tasks = choose(self._waiting)
            for task in tasks:
                task.work = None
            self._take_out(tasks)
            self._wake()
        return tasks

    def most_backlog(self) -> float:
        """Return the seconds until all waiting tasks have run, each alone."""
        return self.pace.seconds(self._backlogs.seconds) / self.threads

    def backlog(self) -> float:
        """Return the seconds until all waiting tasks have run."""
        with self._ready:
            return self.pace.seconds(expected_of(self._waiting, self._gather_rows)) / self.threads

    def any_waits(self, test: Callable[[Task], bool]) -> bool:
        """Return whether a test holds for a waiting task."""
        with self._ready:
            return any(map(test, self._waiting))

    def wait(self, expected: float, rank: Rank | None = None) -> float:
        """Return the seconds until a task that arrives now would end; 0 if a thread would take it at once."""
        own = self.pace.seconds(expected)
        with self._ready:
            now, busy = self._clock(), self._running - {self._reserved}
            if len(busy) < self.threads and not self._waiting:
                return 0.0
            key = priority(now, expected) if rank is None else self._backlogs.key(now, expected, ANY_SIZE, rank)
            ahead = [task for task in self._waiting if task.is_before(key, rank)]
            running = [task.alone for task in busy]
            takes_reserved = is_cheaper(expected, running)
            if takes_reserved:
                ahead = [task for task in ahead if is_cheaper(task.expected, running)]
                busy = {self._reserved} if self._reserved else set()
            left = sum(self._left(task, now) for task in busy)
            seconds = self.pace.seconds(expected_of(ahead, self._gather_rows))
        return own + (seconds + left) / (1 if takes_reserved else self.threads)

    def relief(self) -> float:
        """Return the seconds until a running task should end, whose place is then free."""
        with self._ready:
            now = self._clock()
            return min((self._left(task, now) for task in self._running), default=0.0)

    @property
    def is_crowded(self) -> bool:
        """True if tasks wait."""
        return bool(self._waiting)

    def close(self) -> None:
        """Let running tasks finish and start no new ones."""
        with self._ready:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            self._ready.notify_all()
            self._cheap.notify_all()
        for task in waiting:
            task.done.cancel()

    def _left(self, task: Task, now: float) -> float:
        return max(0.0, self.pace.seconds(task.expected) - (now - task.begun))

    def _start_missing(self) -> None:
        """Start the threads that could not be started before; one is enough to go on."""
        try:
            while len(self._started) <= self.threads:
                reserved = len(self._started) == self.threads
                name = "executor-reserved" if reserved else f"executor-{len(self._started)}"
                thread = threading.Thread(target=self._serve, args=(reserved,), name=name, daemon=True)
                thread.start()
                self._started.append(thread)
        except RuntimeError:
            if not self._started:
                raise

    def _serve(self, reserved: bool) -> None:
        if not reserved:
            yield_core()
        while (task := self._next(reserved)) is not None:
            self._run(task)
            del task  # a waiting thread must not keep its last task alive

    def _next(self, reserved: bool) -> Task | None:
        ready = self._cheap if reserved else self._ready
        with ready:
            while not self._closed:
                if task := self._pick(reserved):
                    task = self._preferred(task, reserved)
                    self._begin(task, reserved)
                    return task
                ready.wait()
        return None

    def _begin(self, task: Task, reserved: bool) -> None:
        self._remove(task)
        if self._gather_rows > 1 and self._waiting:
            self._gather(task, reserved)
        self._running.add(task)
        if reserved:
            self._reserved = task
        self.held += task.bytes
        self.team.enter()
        task.begun = self._clock()

    def _gather(self, task: Task, reserved: bool) -> None:
        """Take tasks that run as one with this one out of the queue.  Its expected cost and its bytes become theirs."""
        longest = min((other.alone for other in self._running), default=0.0) / CHEAPER if reserved else math.inf
        memory = self.memory - self.held - task.bytes
        bounds = Bounds(self._gather_rows, memory, longest, self.threads, self._clock(), self.pace)
        task.companions = companions(task, self._waiting, bounds)
        if not task.companions:
            return
        self._take_out(task.companions)
        tasks = [task, *task.companions]
        task.expected = expected_together(tasks)
        task.bytes = sum(each.bytes + each.gatherable.copied for each in tasks if each.gatherable)

    def _take_out(self, tasks: Sequence[Task]) -> None:
        if not tasks:
            return
        for task in tasks:
            self._backlogs.remove(task.rank, task.expected)
        taken = set(tasks)
        self._waiting = [task for task in self._waiting if task not in taken]
        heapq.heapify(self._waiting)

    def _pick(self, reserved: bool) -> Task | None:
        """Return the first task that may start.

        A task whose memory is in use keeps its place; others pass it until the time of its priority has come.
        """
        if not self._waiting or (not reserved and self._fits(self._waiting[0])):
            return self._waiting[0] if self._waiting else None
        now, running = self._clock(), [task.alone for task in self._running]
        if reserved and not is_cheaper(min(task.expected for task in self._waiting), running):
            return None
        for task in sorted(self._waiting):
            if not self._fits(task):
                if task.key <= now:
                    return None
            elif not reserved or is_cheaper(task.expected, running):
                return task
        return None

    def _preferred(self, first: Task, reserved: bool) -> Task:
        """Return the task that takes the turn of the first: one of its group, of a better level.

        It is one of about as much work, and the first gets its turn: no other group notices.
        """
        if not self._leveled or self._clock() > first.arrival + LONGEST_YIELD:
            return first
        running = [task.alone for task in self._running]
        able = (
            task
            for task in self._waiting
            if task.rank.group is first.rank.group
            and task.own < first.own
            and task.expected <= CHEAPER * first.expected
            and self._fits(task)
            and (not reserved or is_cheaper(task.expected, running))
        )
        best = min(able, key=lambda task: task.own, default=first)
        if best is not first:
            (best.key, best.number), (first.key, first.number) = (first.key, first.number), (best.key, best.number)
            heapq.heapify(self._waiting)
        return best

    def _remove(self, task: Task) -> None:
        self._leveled &= len(self._waiting) > 1
        self._backlogs.remove(task.rank, task.expected)
        if task is self._waiting[0]:
            heapq.heappop(self._waiting)
            return
        self._waiting.remove(task)
        heapq.heapify(self._waiting)

    def _wake(self) -> None:
        """Wake the threads that may have a task to take."""
        if self._waiting:
            self._ready.notify_all()
            if self._running and self._reserved is None:
                self._cheap.notify()

    def _fits(self, task: Task) -> bool:
        return not self._running or self.held + task.bytes <= self.memory

    def _run(self, task: Task) -> None:
        self._own.helped = 0.0
        outcomes = task.run()
        with self._ready:
            self._running.remove(task)
            if task is self._reserved:
                self._reserved = None
            self.held -= task.bytes
            if all(error is None for _, (_, error) in outcomes):
                self.pace.learn(task.expected, self._clock() - task.begun + self._own.helped)
            self._wake()
        self.team.leave()
        task.work = None
        task.settle(outcomes)
