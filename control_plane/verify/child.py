"""The verifying child: reads jobs from standard input, runs each plan within limits, writes results to standard output.

It is started ahead of time, with the engine imported, and serves jobs until its input ends; a crash, a hang or a memory
leak of a plan ends only this process.
"""

from __future__ import annotations

import os
import resource
import signal
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import pretzel.engine as engine
from pretzel.control_plane.store.files import read_file
from pretzel.control_plane.verify.compare import Tolerance, compare, count_ties, is_single, tolerance_of
from pretzel.control_plane.verify.job import LENGTH, error_tree
from pretzel.control_plane.verify.ties import score_output, tied_labels
from pretzel.errors import (
    CorruptObjectError,
    ExhaustedError,
    InputError,
    NotFoundError,
    PretzelError,
    VerificationError,
    renumbered,
)
from pretzel.isolation.limits import Allowed
from pretzel.isolation.stages import PythonStages
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.plan.plan import Plan
from pretzel.plan.wire import columns_from_bytes


def main() -> None:
    """Serve jobs until standard input ends."""
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of a library must not mix with the answers
    _send(answers, {"ready": True})
    while (job := _receive(jobs)) is not None:
        _send(answers, answer(job))


def answer(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the largest difference of each output and the observations of each stage, or the error."""
    try:
        _limit(job)
        return run(job)
    except PretzelError as error:
        return error_tree(error)
    except MemoryError:
        return error_tree(ExhaustedError("verification: the plan exceeded its memory limit"), retire=True)
    except Exception as error:
        traceback.print_exc()
        problem = f"verification: the plan failed: {type(error).__name__}: {error}"
        return error_tree(VerificationError(problem), retire=True)
    finally:
        _unlimit()


def run(job: Mapping[str, Any]) -> dict[str, Any]:
    """Load the plan, run it over the sample and compare every output; then run it again, warm, and profile it."""
    plan = Plan.from_encoded(job["plan"])
    executable = engine.load(
        plan, lambda digest: _map(job["objects"][str(digest)], digest), catalog=engine.StageCatalog(_stages(job))
    )
    if job["inputs"] is None:
        return {"worst": {}, "observed": [], "ties": 0}
    expected, columns = columns_from_bytes(job["outputs"]), columns_from_bytes(job["inputs"])
    try:
        results = executable.run(columns, outputs=[*expected, *_scores(expected, executable.outputs)])
        single = any(map(is_single, columns.values()))
        worst, ties = _compared(results, expected, Tolerance(*job["tolerance"]), single)
    except (InputError, NotFoundError) as error:
        raise InputError(renumbered(f"sample: {error}", job["rows"])) from None
    except VerificationError as error:
        raise VerificationError(renumbered(str(error), job["rows"])) from None
    observed = [[step.seconds, step.entries] for step in executable.profile(columns)]
    return {"worst": worst, "observed": observed, "ties": ties}


@cache
def _python(consent: Any, environments: str | None) -> PythonStages:
    return PythonStages(
        Allowed(consent, Path(environments) if environments else None, 1, setting="verify_python_stages")
    )


def _stages(job: Mapping[str, Any]) -> PythonStages | None:
    """Return what runs Python stages, if that is allowed."""
    return _python(*job["python"]) if job.get("python") else None


def _scores(expected: Mapping[str, Any], outputs: Mapping[str, Any]) -> list[str]:
    """Return the scores to compute here: those of labels without scores of the library in the sample."""
    labels = [name for name in expected if score_output(name, expected) is None]
    scores = (score_output(name, outputs) for name in labels)
    return [name for name in scores if name is not None]


def _compared(
    results: Mapping[str, Any], expected: Mapping[str, Any], tolerance: Tolerance, single: bool
) -> tuple[dict[str, float], int]:
    """Return the largest difference of each output, and the number of labels that differ at ties."""
    worst, ties = {}, 0
    for name, want in expected.items():
        tied = tied_labels(name, results[name], want, expected, results)
        limits = tolerance_of(name, results[name], tolerance, single=single)
        worst[name] = compare(name, results[name], want, limits, tied)
        ties += count_ties(results[name], want, tied)
    return worst, ties


def _map(source: str | bytes, digest: Digest) -> bytes | memoryview:
    """Return an object's bytes; a large file is mapped, so that only the parts that the sample uses are read."""
    if isinstance(source, bytes):
        return source
    data = read_file(Path(source), digest.size)
    if data is None:
        raise CorruptObjectError(f"object {digest} is torn; upload it again")
    return data


def _limit(job: Mapping[str, Any]) -> None:
    memory, cpu, seconds = job["limits"]
    mapped = sum(Digest.parse(text).size for text in job["objects"])
    _soft(resource.RLIMIT_AS, _address_space() + mapped + memory)
    used = resource.getrusage(resource.RUSAGE_SELF)
    _soft(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + cpu)
    # Longer than the parent's timeout, so that the child ends even without a parent.
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)


def _unlimit() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_CPU):
        _soft(limit, resource.getrlimit(limit)[1])


def _soft(limit: int, value: int) -> None:
    hard = resource.getrlimit(limit)[1]
    bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (bounded, hard))


def _address_space() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _send(file: BinaryIO, message: Mapping[str, Any]) -> None:
    data = encode(message)
    file.write(LENGTH.pack(len(data)) + data)
    file.flush()


def _receive(file: BinaryIO) -> Any:
    head = file.read(LENGTH.size)
    return decode(file.read(LENGTH.unpack(head)[0])) if len(head) == LENGTH.size else None


if __name__ == "__main__":
    main()
