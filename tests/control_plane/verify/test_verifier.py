"""Verification in the child: right outputs pass, wrong ones are named, and no plan can harm the parent."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pretzel.compiler.compile import compile_plan
from pretzel.control_plane.verify import Limits, Sample, Tolerance, Verifier
from pretzel.errors import CorruptObjectError, ExhaustedError, InputError, UnavailableError, VerificationError
from pretzel.plan import ops
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.plan import Plan
from tests.control_plane.verify import hostile

X = np.arange(6, dtype=np.float64).reshape(3, 2)
HOSTILE = (sys.executable, str(Path(hostile.__file__)))
LIMITS = Limits(memory=512 << 20, cpu=1, seconds=60.0)


def plan(*outputs: str) -> Plan:
    """A plan whose every output is its input."""
    x = ops.Input("x", "f64[2]")
    return compile_plan(Definition({name: x for name in outputs}, (x,))).plan


def sample(*outputs: str) -> Sample:
    return Sample({"x": X}, {name: X for name in outputs})


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    shared = Verifier(Limits())
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def hostiles() -> Iterator[Verifier]:
    shared = Verifier(LIMITS, command=HOSTILE)
    yield shared
    shared.close()


def test_right_outputs_pass(verifier: Verifier):
    assert verifier.verify(plan("a", "b"), {}, sample("a", "b"), Tolerance()).worst == {"a": 0.0, "b": 0.0}


def test_the_measured_error_is_returned(verifier: Verifier):
    golden = Sample({"x": X}, {"a": X * (1 + 1e-7)})
    worst = verifier.verify(plan("a"), {}, golden, Tolerance()).worst["a"]
    assert worst == pytest.approx(1e-7, rel=1e-3)


def test_wrong_outputs_are_named(verifier: Verifier):
    wrong = X.copy()
    wrong[2, 1] = 7.0
    message = r"output 'a', row 2, column 1: expected 7.0, got 5.0; they differ by 2, 7.01e-06 is allowed; 1 of 6"
    with pytest.raises(VerificationError, match=message):
        verifier.verify(plan("a"), {}, Sample({"x": X}, {"a": wrong}), Tolerance())


@pytest.mark.parametrize(
    ("golden", "message"),
    [
        (Sample({}, {"a": X}), "sample: column 'x' is missing"),
        (Sample({"x": X[:, :1]}, {"a": X}), "sample: column 'x'"),
        (Sample({"x": X}, {"zebra": X}), "sample: output 'zebra'"),
    ],
)
def test_a_sample_that_does_not_fit(verifier: Verifier, golden: Sample, message: str):
    with pytest.raises(InputError, match=message):
        verifier.verify(plan("a"), {}, golden, Tolerance())


def test_without_a_sample_the_plan_is_loaded(verifier: Verifier):
    assert verifier.verify(plan("a"), {}, None, Tolerance()).worst == {}


def test_a_plan_of_an_unknown_kernel(verifier: Verifier):
    unknown = Plan("1", plan("a").inputs, (), plan("a").outputs)
    object.__setattr__(unknown, "encoded", b"\xff")
    with pytest.raises(CorruptObjectError):
        verifier.verify(unknown, {}, None, Tolerance())


@pytest.mark.parametrize(
    ("deed", "error", "message"),
    [
        ("segfault", VerificationError, "ended its process with SIGSEGV"),
        ("spin", ExhaustedError, "limit of processor time"),
        ("eat", ExhaustedError, "its memory limit"),
        ("leave", VerificationError, "exit code 7"),
        ("kill", ExhaustedError, "was killed, as when the machine runs out of memory"),
        ("fail", VerificationError, "the plan failed: KeyError: 'a fault of ours'"),
    ],
)
def test_a_plan_that_misbehaves(hostiles: Verifier, deed: str, error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        hostiles.verify(plan(deed), {}, sample(deed), Tolerance())
    assert hostiles.verify(plan("chatter"), {}, sample("chatter"), Tolerance()).worst == {"chatter": 0.0}


def test_a_plan_that_hangs_without_work():
    verifier = Verifier(Limits(seconds=3.0), command=HOSTILE)
    verifier.verify(plan("a"), {}, sample("a"), Tolerance())
    start = time.monotonic()
    with pytest.raises(ExhaustedError, match=r"no answer within 3 s"):
        verifier.verify(plan("sleep"), {}, sample("sleep"), Tolerance())
    assert time.monotonic() - start < 30  # it sleeps for a thousand
    assert verifier.verify(plan("a"), {}, sample("a"), Tolerance()).worst == {"a": 0.0}
    verifier.close()


def test_a_hung_child_without_a_parent_exits():
    from pretzel.control_plane.verify.job import job_bytes
    from pretzel.control_plane.verify.process import Child

    child = Child(HOSTILE)
    with pytest.raises(ExhaustedError, match="its time limit"):
        child.ask(job_bytes(plan("sleep"), {}, sample("sleep"), Tolerance(), Limits(seconds=0.1)), 20)
    child.close()


def test_a_child_that_died_while_idle_is_replaced(verifier: Verifier):
    child = verifier._children.queue[0]
    os.kill(child.pid, signal.SIGKILL)
    child._process.wait()
    assert verifier.verify(plan("a"), {}, sample("a"), Tolerance()).worst == {"a": 0.0}


def test_a_child_is_replaced_after_so_many_jobs():
    verifier = Verifier(jobs=2)
    pids = []
    for _ in range(4):
        pids.append(verifier._children.queue[0].pid)
        verifier.verify(plan("a"), {}, sample("a"), Tolerance())
    assert pids[0] == pids[1] != pids[2] == pids[3]
    verifier.close()


def test_jobs_one_after_the_other_use_one_child():
    verifier = Verifier(children=2)
    for _ in range(3):
        verifier.verify(plan("a"), {}, sample("a"), Tolerance())
    spare, used = verifier._children.queue
    assert spare is None and used.jobs == 3
    verifier.close()


def test_closing_ends_the_children():
    verifier = Verifier(children=2)
    taken = [verifier._take() for _ in range(2)]
    for child in taken:
        verifier._children.put(child)
    pids = [child.pid for child in taken]
    verifier.close()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_objects_are_files_or_bytes(verifier: Verifier, tmp_path: Path):
    digest = Digest.of(b"unused")
    (tmp_path / "object").write_bytes(b"unused")
    for source in (tmp_path / "object", b"unused"):
        assert verifier.verify(plan("a"), {digest: source}, sample("a"), Tolerance()).worst == {"a": 0.0}


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN])
def test_a_child_that_cannot_be_started_is_started_later(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch, number: int
):
    assert verifier.verify(plan("a"), {}, sample("a"), Tolerance()).worst == {"a": 0.0}

    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", refuse)
        for child in (verifier._children.get(),):
            os.kill(child.pid, signal.SIGKILL)
            child._process.wait()
            verifier._children.put(child)
        for _ in range(3):  # its slot is not lost, or the second try would wait endlessly
            with pytest.raises(UnavailableError, match=f"no child can be started now .*{os.strerror(number)}"):
                verifier.verify(plan("a"), {}, sample("a"), Tolerance())
    assert verifier.verify(plan("a"), {}, sample("a"), Tolerance()).worst == {"a": 0.0}
