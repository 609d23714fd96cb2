"""The command of the evaluation over tiny workloads, with experiments that wait, skip or fail as arguments say.

``python -m tests.benchmarks.paper.program wait|pass|skip|fail ...`` says how the second experiment ends.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Sequence

import benchmarks.paper.__main__ as command
from benchmarks.paper.baselines.environments import SkippedError
from benchmarks.paper.experiment import Context, Experiment, Found
from tests.benchmarks.paper import tiny


def count(context: Context) -> Found:
    """Count the members."""
    members = {name: len(workload.members) for name, workload in context.workloads.items()}
    return {"headline": {"SA, members": members["SA"]}, "members": members}


def wait(context: Context) -> Found:
    """Wait until the process is ended."""
    threading.Event().wait()
    return {}


def skip(context: Context) -> Found:
    """Skip."""
    raise SkippedError("no rival here; install one with --install")


def fail(context: Context) -> Found:
    """Fail."""
    raise ValueError("the answer is wrong\nin a second line")


def experiment(name: str, measure: Callable[[Context], Found]) -> Experiment:
    """Return an experiment whose table is its numbers."""
    return Experiment(name, f"The experiment {name}", measure, lambda found: f"found {found['headline']}")


def main(second: str, arguments: Sequence[str]) -> int:
    """Run the command."""
    ends = {"wait": wait, "pass": count, "skip": skip, "fail": fail}
    command.EXPERIMENTS = (experiment("first", count), experiment("second", ends[second]))
    command.made = tiny.make
    return command.main(arguments)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, command.interrupt)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
