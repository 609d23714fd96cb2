"""Ill behaved code costs its own call: within its limits, with the step and the reason."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pretzel.errors import (
    CancelledError,
    DeadlineError,
    ExhaustedError,
    InputError,
    PreconditionError,
    StageError,
    UnavailableError,
)
from pretzel.isolation.limits import Allowed
from pretzel.isolation.stages import PythonStages
from tests.e2e import own_steps as own
from tests.isolation.conftest import LIMITS
from tests.isolation.stages import ROWS, opened

NOT_PERMITTED = r"PermissionError: \[Errno 1\] Operation not permitted"
ZOO: dict[Any, tuple[type[Exception], str]] = {
    own.loops: (StageError, r"took longer than 2 s \(python_seconds\)"),
    own.forks: (InputError, NOT_PERMITTED),
    own.fills_memory: (ExhaustedError, "needs more memory than it may have"),
    own.writes: (InputError, r"PermissionError: .*pretzel-owned"),
    own.reads: (InputError, "PermissionError: .*passwd"),
    own.connects: (InputError, NOT_PERMITTED),
    own.kills_its_parent: (InputError, NOT_PERMITTED),
    own.kills_all: (InputError, NOT_PERMITTED),
    own.closes_its_pipes: (StageError, "(it closed its socket, or was killed|its process ended with exit code 1)"),
    own.other_shape: (StageError, r"expected 3 rows of f64\[2\], .* returned 3 rows of f64\[1\]"),
    own.other_type: (StageError, r"expected 3 rows of f64\[2\], .* returned 3 rows of i64\[2\]"),
    own.raises: (InputError, "ValueError: not today"),
    own.exits: (StageError, "its process ended with exit code 3"),
    own.faults: (StageError, "SIGSEGV"),
    own.huge: (ExhaustedError, "needs more memory than it may have"),
    own.garbles_its_answer: (StageError, "closed its socket, or was killed"),
}


@pytest.mark.parametrize("deed", ZOO, ids=lambda deed: deed.__name__)
def test_ill_behaved_code_fails_its_own_call(stages: PythonStages, deed: Any) -> None:
    kind, reason = ZOO[deed]
    with pytest.raises(kind, match=f"step pipeline.own: .*{reason}"):
        opened(stages, deed)([ROWS], 3, 0.0, None)
    assert opened(stages, np.negative)([ROWS], 3, 0.0, None)[0].tolist() == (-ROWS).tolist()
    assert not Path("/tmp/pretzel-owned").exists()


@pytest.mark.parametrize("deed", [own.prints, own.leaves_a_thread], ids=lambda deed: deed.__name__)
def test_odd_code_that_answers_is_heard(stages: PythonStages, deed: Any) -> None:
    assert opened(stages, deed)([ROWS], 3, 0.0, None)[0].tolist() == ROWS.tolist()


def test_a_thread_that_is_left_behind_gets_no_time(stages: PythonStages) -> None:
    stage = opened(stages, own.leaves_a_thread)
    stage([ROWS], 3, 0.0, None)
    (process,) = [process for process, key in stages.pool._idle.items() if key == stage._key]
    spent = processor_ticks(process.pid)
    opened(stages, np.negative)([ROWS], 3, 0.0, None)
    assert state(process.pid) == "T"
    assert processor_ticks(process.pid) - spent <= 1


def test_a_process_shares_nothing_with_its_server(stages: PythonStages) -> None:
    def looks(X: Any) -> Any:
        import os

        descriptors = [fd for fd in range(64) if _is_open(os, fd)]
        assert os.environ.get("PRETZEL_TOKEN") is None and os.environ["HOME"] == "/nonexistent"
        assert len(descriptors) == 6, descriptors  # null three times, its socket, and two memories
        return X + os.getpid()

    def _is_open(os: Any, fd: int) -> bool:
        try:
            return os.fstat(fd) is not None
        except OSError:
            return False

    os.environ["PRETZEL_TOKEN"] = "secret"
    try:
        (answer,) = opened(stages, looks)([ROWS], 3, 0.0, None)
    finally:
        del os.environ["PRETZEL_TOKEN"]
    assert answer[0, 0] not in (0, os.getpid())


def test_a_temporary_directory_of_its_own_is_bounded(stages: PythonStages) -> None:
    def keeps(X: Any) -> Any:
        import tempfile

        with tempfile.TemporaryFile() as file:
            file.write(b"x" * 1000)
        return X

    def fills(X: Any) -> None:
        import os
        import tempfile

        for number in range(100):
            with open(os.path.join(tempfile.gettempdir(), str(number)), "wb") as file:
                file.write(b"x" * (1 << 20))

    if stages.pool._zygotes and next(iter(stages.pool._zygotes.values())).result().lacking:
        pytest.skip("without namespaces, there can be no temporary directory")
    before = set(os.listdir(tempfile.gettempdir()))
    assert opened(stages, keeps)([ROWS], 3, 0.0, None)[0].tolist() == ROWS.tolist()
    with pytest.raises(InputError, match="No space left on device"):
        opened(stages, fills)([ROWS], 3, 0.0, None)
    assert {name for name in set(os.listdir(tempfile.gettempdir())) - before if name.isdecimal()} == set()


def test_a_process_cannot_outlive_its_zygote(stages: PythonStages) -> None:
    def frees_itself(X: Any) -> Any:
        import ctypes

        libc, held = ctypes.CDLL(None, use_errno=True), ctypes.c_int()
        refused = libc.prctl(1, 0, 0, 0, 0), ctypes.get_errno()  # PR_SET_PDEATHSIG
        libc.prctl(2, ctypes.byref(held), 0, 0, 0)  # PR_GET_PDEATHSIG
        assert libc.prctl(15, b"renamed", 0, 0, 0) == 0  # PR_SET_NAME, which libraries use
        return X * 0 + [refused[1], held.value]

    (answer,) = opened(stages, frees_itself)([ROWS], 3, 0.0, None)
    assert answer[0].tolist() == [1, 9]  # EPERM, SIGKILL


def test_code_is_unpickled_in_a_side_process_only(stages: PythonStages) -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return exec, ("import os; os._exit(7)",)

    stage = opened(stages, Bomb())
    with pytest.raises(StageError, match="exit code 7"):
        stage([ROWS], 3, 0.0, None)


def test_two_crashes_in_a_row_bar_a_stage(stages: PythonStages) -> None:
    stage = opened(stages, own.exits)
    for _ in range(2):
        with pytest.raises(StageError, match="exit code 3; the server's log has it as [0-9a-f]{12}"):
            stage([ROWS], 3, 0.0, None)
    with pytest.raises(UnavailableError, match="crashed 2 times in a row and is barred"):
        stage([ROWS], 3, 0.0, None)


def test_exceptions_bar_no_stage(stages: PythonStages) -> None:
    stage = opened(stages, own.raises)
    for _ in range(4):
        with pytest.raises(InputError, match=r"not today \(line \d+, in raises\)"):
            stage([ROWS], 3, 0.0, None)


def test_a_deadline_kills_the_process_and_bars_nothing(stages: PythonStages) -> None:
    stage = opened(stages, own.loops)
    for _ in range(3):
        with pytest.raises(DeadlineError, match="the deadline passed in a Python stage"):
            stage([ROWS], 3, time.monotonic() + 0.5, None)  # long enough for the start of the process


def test_a_caller_that_cancels_kills_the_process(stages: PythonStages) -> None:
    class Token:
        cancelled = False

    token, stage = Token(), opened(stages, own.loops)
    timer = threading.Timer(0.1, lambda: setattr(token, "cancelled", True))
    timer.start()
    with pytest.raises(CancelledError, match="the caller cancelled"):
        stage([ROWS], 3, 0.0, token)
    timer.join()


def test_processes_are_replaced_after_their_calls_and_give_way_to_others() -> None:
    from dataclasses import replace

    stages = PythonStages(Allowed("unconfined", processes=2, limits=replace(LIMITS, calls=2)))
    try:
        which = opened(stages, lambda X: X * 0 + __import__("os").getpid())
        first, second, third = (which([ROWS], 3, 0.0, None)[0][0, 0] for _ in range(3))
        assert first == second != third
        for factor in range(5):
            assert opened(stages, lambda X, factor=factor: X * factor)([ROWS], 3, 0.0, None)[0][0, 1] == factor
            assert stages.pool.processes <= 2
        assert stages.counts["python_calls"] == 8
    finally:
        stages.close()
    assert stages.pool.processes == 0


def test_a_process_cannot_close_the_memory_of_its_calls(stages: PythonStages) -> None:
    def seals(X: Any) -> Any:
        import fcntl

        descriptors = [fd for fd in range(64) if _is_memory(fd)]
        with contextlib.suppress(PermissionError):
            for descriptor in descriptors:
                fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, 2 | 4 | 8)  # against shrinking, growing and writing
        return X * len(descriptors)

    stage = opened(stages, seals)
    for _ in range(2):
        assert stage([ROWS], 3, 0.0, None)[0].tolist() == (2 * ROWS).tolist()


def test_a_large_header_of_an_answer_is_not_parsed(stages: PythonStages) -> None:
    def floods(X: Any) -> Any:
        import os
        import struct

        link, memory = [fd for fd in range(3, 64) if _is_socket(fd)], [fd for fd in range(64) if _is_memory(fd)]
        text = b'{"columns": [' + b"[]," * 500_000 + b'[]], "sizes": []}'
        os.pwrite(memory[1], text, 0)
        os.write(link[0], struct.pack("<4sQ", b"done", len(text)))
        return X

    with pytest.raises(StageError, match=r"closed its socket, or was killed|a header of 1500030 bytes"):
        opened(stages, floods)([ROWS], 3, 0.0, None)


def test_without_consent_nothing_starts() -> None:
    stages = PythonStages(Allowed("off"))
    with pytest.raises(PreconditionError, match="Python code of the model's author.*set python_stages=true"):
        opened(stages, np.negative)
    assert not stages.pool._zygotes


def test_a_kernel_without_confinement_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, stages: PythonStages) -> None:
    from pretzel.isolation.process import SideProcess

    monkeypatch.setattr(SideProcess, "open", lambda self, *_: {"files": "the kernel has no Landlock"})
    with pytest.raises(
        PreconditionError, match=r"limits on files \(Landlock\): the kernel has no Landlock.*unconfined"
    ):
        opened(stages, lambda X: X + 1)([ROWS], 3, 0.0, None)


def _is_memory(descriptor: int) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISREG(os.fstat(descriptor).st_mode)
    return False


def _is_socket(descriptor: int) -> bool:
    with contextlib.suppress(OSError):
        return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    return False


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[0]


def processor_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return int(fields[11]) + int(fields[12])
