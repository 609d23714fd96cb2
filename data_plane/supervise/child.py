"""A serving process, as its supervisor sees it."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pretzel.data_plane.supervise.link import Link, Message
from pretzel.plan.digest import Digest


class Spawned(NamedTuple):
    """A serving process that loads its modules, and this end of its link."""

    process: subprocess.Popen[bytes]
    end: socket.socket

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Spawned:
        """Start a process that will get this configuration, for which it inherits descriptors.

        Raises:
            OSError: no descriptor or memory is left for it.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-P", "-m", "pretzel.data_plane.serve", str(theirs.fileno()), str(os.getpid())]
            try:
                null, spread = subprocess.DEVNULL, fields.get("spread", {})
                passed = [theirs.fileno(), *fields.get("descriptors", {}).values(), *spread.get("send", ())]
                passed += [*spread.get("receive", ()), *([spread["memory"]] if spread else [])]
                passed += [fields["figures"]] if "figures" in fields else []
                return cls(subprocess.Popen(command, pass_fds=passed, stdin=null, stdout=sys.stderr), ours)
            except OSError:
                ours.close()
                raise


class Child:
    """A running serving process, from its start to its end."""

    def __init__(self, process: subprocess.Popen[bytes], link: Link, slot: int = 0) -> None:
        self._process, self.link, self.slot = process, link, slot
        self.pid = process.pid
        self.port: int | None = None
        """Port it listens on, once it is ready."""
        self.applied = -1
        """Serial of the catalog it answers from."""
        self.heard = time.monotonic()
        """Time of its last message."""
        self.failure = ""
        """Reason why it could not start."""
        self.problems: dict[str, str] = {}
        """Its background tasks that are failing, each with its last error."""
        self.failing_since = 0.0
        """Start of its present problems, if it has any."""
        self.numbers: dict[str, Any] = {}
        """Its counters at the last request for them."""
        self.resident: set[Digest] = set()
        """Plans in its memory, or on their way there."""
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._ids = itertools.count()

    @classmethod
    async def start(cls, spawned: Spawned | None = None, **fields: Any) -> Child:
        """Start a serving process, or take one that was spawned for it, and send it its configuration."""
        process, end = spawned or Spawned.of(fields)
        child = cls(process, await Link.over(end), fields.get("slot", 0))
        child.link.send("start", **fields)
        return child

    @property
    def trouble(self) -> str:
        """Its present problems, as text."""
        return "; ".join(f"{task}: {cause}" for task, cause in self.problems.items())

    def fails_for(self, seconds: float) -> bool:
        """Return whether it has had problems for longer than that."""
        return bool(self.problems) and time.monotonic() - self.failing_since > seconds

    async def listen(self, react: Callable[[Child, Message], None]) -> int:
        """Process its messages until it exits, and return its exit code."""
        async for message in self.link.messages():
            self.heard = time.monotonic()
            match message["kind"]:
                case "ready":
                    self.port = message["port"]
                case "failed":
                    self.failure = message["message"]
                case "applied":
                    self.applied = message["serial"]
                case "loading":
                    self.resident.add(Digest.parse(message["plan"]))
                case "evicted":
                    self.resident.discard(Digest.parse(message["plan"]))
                case "problems":
                    self._note(message["problems"])
                case "answer":
                    self._answer(message)
            react(self, message)
        return await self.end()

    async def ask(self, seconds: float) -> dict[str, Any]:
        """Return its counters now, or the last known ones if it does not answer in time."""
        number = next(self._ids)
        self._asked[number] = asyncio.get_running_loop().create_future()
        self.link.send("ask", id=number)
        try:
            return await asyncio.wait_for(self._asked[number], seconds)
        except TimeoutError:
            return self.numbers
        finally:
            del self._asked[number]

    def _note(self, problems: dict[str, str]) -> None:
        if problems and not self.problems:
            self.failing_since = time.monotonic()
        self.problems = problems

    def _answer(self, message: Message) -> None:
        self.numbers = message["numbers"]
        waiter = self._asked.get(message["id"])
        if waiter is not None and not waiter.done():
            waiter.set_result(self.numbers)

    async def end(self) -> int:
        """Close the link, which makes it drain, and return its exit code when it has exited."""
        self.link.close()
        return await asyncio.to_thread(self._process.wait)

    def kill(self) -> None:
        """Kill it at once."""
        self._process.kill()
