"""`python -m tests.faults [SCENARIO...]`: run fault scenarios and print their table; `make test-faults` calls it."""

from __future__ import annotations

import argparse
import faulthandler
import importlib
import os
import pkgutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from pretzel.errors import PretzelError
from tests.faults import scenarios
from tests.faults.outcome import SCENARIOS, Outcome, table
from tests.helpers.disks import UnmountableError

SCENARIO_SECONDS = 900
"""Seconds after which a scenario has failed."""


def main() -> int:
    """Run the named scenarios, or all; return 1 if one did not pass."""
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # otherwise it logs each broken connection
    for module in pkgutil.iter_modules(scenarios.__path__):
        importlib.import_module(f"{scenarios.__name__}.{module.name}")
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[[], *SCENARIOS], help="those to run; all by default")
    parser.add_argument("--table", type=Path, help="file to write the table to")
    asked = parser.parse_args()
    outcomes = [(name, _run(name)) for name in asked.scenario or SCENARIOS]
    done = [(name, outcome) for name, outcome in outcomes if outcome is not None]
    print(f"\n{table(done)}")
    if asked.table:
        asked.table.parent.mkdir(parents=True, exist_ok=True)
        asked.table.write_text(table(done))
    return int(not all(outcome.passed for _, outcome in done))


def _run(name: str) -> Outcome | None:
    began = time.monotonic()
    print(f"== {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pretzel-faults-", ignore_cleanup_errors=True) as root:
        try:
            with _limited(SCENARIO_SECONDS):
                outcome = SCENARIOS[name](Path(root))
        except UnmountableError as error:
            print(f"   skipped: {error}")
            return None
        except (AssertionError, TimeoutError, PretzelError) as error:  # it did not heal, or a server did not start
            outcome = Outcome(0, 0, 0, float("inf"), 0, [repr(error)])
        if not outcome.passed:
            _show_logs(Path(root))
    took = time.monotonic() - began
    print(f"   {'passed' if outcome.passed else 'FAILED'} in {took:.0f} s: {outcome}", flush=True)
    return outcome


@contextmanager
def _limited(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in the main thread if the block takes longer, and print the stack of each thread."""

    def end(number: int, frame: FrameType | None) -> None:
        faulthandler.dump_traceback()
        raise TimeoutError(f"the scenario takes longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _show_logs(root: Path) -> None:
    """Print the end of every server's log, since the directory is removed."""
    for log in sorted(root.glob("*.log")):
        print(f"   -- {log.name}\n{log.read_text(errors='replace')[-3000:]}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
