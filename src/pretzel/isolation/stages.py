"""Python stages of plans on a server: consent, environment, calls, and the quarantine of those that crash."""

from __future__ import annotations

import functools
import hashlib
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from pretzel.errors import ExhaustedError, InputError, PreconditionError, StageError, UnavailableError
from pretzel.isolation.environments import Environment, provided
from pretzel.isolation.limits import Allowed
from pretzel.isolation.pool import Pool
from pretzel.isolation.process import Overrun, SideProcess, text_of
from pretzel.isolation.side import messages
from pretzel.isolation.side.messages import columns_of
from pretzel.isolation.values import MalformedError, column_of, value_of
from pretzel.isolation.zygote import Zygote
from pretzel.plan.types import ValueType

CRASHES, BARRED_SECONDS = 2, 60.0
"""Crashes in a row after which a stage is barred, and for how long."""
MOST_ROWS = 10**10
"""A number longer than any in a header of a call: the bytes of an array are limited."""
PARTS = {"files": "limits on files (Landlock)", "system calls": "a filter of system calls (seccomp)"}


class Stage(Protocol):
    """A stage of a plan."""

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of :class:`pretzel.plan.ops.PythonStage`."""


class PythonStages:
    """Opens the Python stages of a server's plans, as its settings allow.  Thread-safe."""

    def __init__(
        self, allowed: Allowed, report: Callable[[str, str, str], None] = lambda fault, step, why: None
    ) -> None:
        """Start no process yet; ``report`` is called with the identifier, the step and the reason of each crash."""
        self.allowed, self.pool, self.report = allowed, Pool(allowed), report
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        """``python_calls``, ``python_seconds``, ``python_crashes`` and ``python_timeouts`` so far."""
        self.lacking: Mapping[str, str] = {}
        """The parts of confinement that the last process went without, and why."""

    def open(self, stage: Stage, code: bytes | memoryview, reads: Sequence[ValueType]) -> OpenStage:
        """Return what calls the code of a stage; the code itself is unpickled in a side process, at the first call.

        Raises:
            PreconditionError: the server does not allow Python stages, or lacks the environment.
        """
        about = stage.attributes
        step = about["path"]
        if self.allowed.consent == "off":
            raise PreconditionError(
                f"step {step}: it is Python code of the model's author, which this server does not run; "
                f"set {self.allowed.setting}=true if you trust who deploys, or deploy a model without the step"
            )
        environment = Environment(about["python"], tuple(about["packages"]))
        try:
            interpreter = provided(environment, self.allowed.environments)
        except PreconditionError as error:
            raise PreconditionError(f"step {step}: {error}") from None
        self.pool.warm(interpreter, environment)
        return OpenStage(self, about, code, reads, functools.partial(self.pool.zygote, interpreter, environment))

    def started(self, process: SideProcess, spec: Mapping[str, Any], code: bytes | memoryview) -> SideProcess:
        """Send its object to a process that was just forked, once it is known to be confined.

        Raises:
            PreconditionError: the kernel lacks a part of the confinement, and the server insists on it.
        """
        lacking = dict(process.open(spec, code))
        if process.namespaces and "system calls" in lacking:
            lacking["network"] = process.namespaces
        self.lacking = lacking
        if lacking and self.allowed.consent != "unconfined":
            parts = "; ".join(f"{PARTS.get(part, f'isolation of the {part}')}: {why}" for part, why in lacking.items())
            raise PreconditionError(
                f"Python stages cannot be confined here ({parts}); use another kernel, or set "
                f"{self.allowed.setting}=unconfined if you trust all code that is deployed"
            )
        process.unpickle()
        return process

    def count(self, **numbers: float) -> None:
        """Add to the counters."""
        with self._lock:
            for name, number in numbers.items():
                self.counts[f"python_{name}"] += number  # type: ignore[assignment]

    def close(self) -> None:
        """End all side processes."""
        self.pool.close()


class OpenStage:
    """A Python stage that may run here.  Thread-safe."""

    def __init__(
        self,
        stages: PythonStages,
        about: Mapping[str, Any],
        code: bytes | memoryview,
        reads: Sequence[ValueType],
        zygote: Callable[[float, Any], Zygote],
    ) -> None:
        self._stages, self._code, self._reads, self._zygote = stages, code, tuple(reads), zygote
        self.step = str(about["path"])
        self._gives = [ValueType.parse(kind) for kind in about["gives"]]
        self._spec = {"method": about["method"], "takes": json.loads(about["takes"]), "gives": list(about["gives"])}
        named = json.dumps([self._spec, about["python"], list(about["packages"])])
        self._key = (hashlib.sha256(code).hexdigest(), named)
        self._failures, self._barred = 0, 0.0
        self._check_headers()

    def _check_headers(self) -> None:
        """Check that messages can describe all columns.

        Raises:
            PreconditionError: there are too many.
        """
        dense = [not kind.is_text and kind.layout == "dense" for kind in self._reads]
        arrays = [[None] * (1 if one else 3) for one in dense]  # of texts and sparse rows
        kinds = [(str(kind), MOST_ROWS, parts) for kind, parts in zip(self._reads, arrays, strict=True)]
        call = messages.header_of({"rows": MOST_ROWS}, kinds, [MOST_ROWS] * sum(map(len, arrays)))
        needed = max(len(call), len(messages.header_of(self._spec, (), [MOST_ROWS])))
        if needed > messages.HEADER_BYTES:
            raise PreconditionError(
                f"step {self.step}: messages about its {len(self._reads)} columns have headers of {needed} bytes; "
                f"expected at most {messages.HEADER_BYTES}: select fewer columns before it, or make them one array"
            )

    def __call__(self, columns: Sequence[Any], rows: int, deadline: float, token: Any) -> list[Any]:
        """Return the parts of the result for these rows.

        Raises:
            StageError: the code crashed, took too long, or returned something else than for the sample.
            InputError: the code raised an exception, or the rows do not fit the types of the sample.
            UnavailableError: it crashed several times in a row and is barred for a while.
            DeadlineError, CancelledError, ExhaustedError: the call ended first.
        """
        if self._barred > time.monotonic():
            raise UnavailableError(
                f"step {self.step}: its Python crashed {CRASHES} times in a row and is barred for a while; "
                "retry later, or deploy another version"
            )
        start = time.monotonic()
        try:
            kind, header, arrays = self._called(columns, rows, deadline, token)
        except Overrun as error:
            raise self._failed(str(error), timeouts=1) from None
        except StageError as error:
            raise self._failed(str(error), crashes=1) from None
        finally:
            self._stages.count(calls=1, seconds=time.monotonic() - start)
        self._failures = 0
        return self._read(kind, header, arrays, rows)

    def _called(self, columns: Sequence[Any], rows: int, deadline: float, token: Any) -> tuple[bytes, Any, Any]:
        pool = self._stages.pool
        self._zygote(deadline, token)  # before it takes a place among the processes, which others need meanwhile
        process = pool.take(self._key, self._made, deadline, token)
        try:
            sent = [column_of(kind, value) for kind, value in zip(self._reads, columns, strict=True)]
            answer = process.call(sent, rows, deadline, token)
        except BaseException:
            pool.drop(process)
            raise
        pool.give_back(self._key, process)
        return answer

    def _made(self) -> SideProcess:
        """Return a new process with the object."""
        process = SideProcess(self._zygote(0.0, None), self._stages.allowed.limits)
        try:
            return self._stages.started(process, self._spec, self._code)
        except BaseException:
            process.close()
            raise

    def _read(self, kind: bytes, header: Mapping[str, Any], arrays: Sequence[Any], rows: int) -> list[Any]:
        """Return the values of an answer."""
        if kind in (b"unfi", b"fail"):
            raise InputError(f"step {self.step}: {text_of(header)}")
        if kind == b"memo":
            raise ExhaustedError(f"step {self.step}: it needs more memory than it may have; {text_of(header)}")
        if kind != b"done":
            raise self._failed(text_of(header))
        try:
            parts = columns_of(header, arrays)
            return [value_of(kind, rows, part) for kind, (_, _, part) in zip(self._gives, parts, strict=True)]
        except (MalformedError, ValueError, TypeError, LookupError, StopIteration) as error:
            raise self._failed(f"its answer is malformed ({error!r:.200})", crashes=1) from None

    def _failed(self, why: str, **counts: int) -> StageError:
        """Count a failure, bar the stage after several crashes in a row, and return the error."""
        fault = secrets.token_hex(6)
        if counts:
            self._stages.count(**counts)
            self._failures += 1
            if self._failures >= CRASHES:
                self._failures, self._barred = 0, time.monotonic() + BARRED_SECONDS
        self._stages.report(fault, self.step, why)
        return StageError(f"step {self.step}: {why}; the server's log has it as {fault}")
