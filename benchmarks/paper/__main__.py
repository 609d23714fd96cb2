"""Run the evaluation of the PRETZEL paper, or compare two runs: ``python -m benchmarks.paper``.

Results are kept as they are measured: a run that was ended continues with the next one.  ``compare A.json B.json``
prints the headline numbers of two runs in one table.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from benchmarks.paper import comparing
from benchmarks.paper.experiments import EXPERIMENTS
from benchmarks.paper.results import StoppedError, read
from benchmarks.paper.running import Options, run
from benchmarks.paper.sizes import Size
from benchmarks.paper.workloads import Workload

STOPPED, INTERRUPTED = 2, 130


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code: 1 if an experiment failed, 2 if the run cannot continue."""
    try:
        if list(arguments[:1]) == ["compare"]:
            first, second = _compared().parse_args(arguments[1:]).results
            print(comparing.table(read(first), read(second), (str(first), str(second))))
            return 0
        return run(_options(arguments), EXPERIMENTS, made)
    except StoppedError as error:
        print(f"benchmarks.paper: {error}", file=sys.stderr)
        return STOPPED
    except KeyboardInterrupt:
        print("benchmarks.paper: ended; the next run continues after the last result", file=sys.stderr)
        return INTERRUPTED


def interrupt(number: int, frame: object) -> NoReturn:
    """End as Ctrl-C does, so that servers are stopped."""
    raise KeyboardInterrupt


def made(name: str, size: Size, folder: Path, corpus: Path | None, progress: Callable[[str], None]) -> Workload:
    """Return a workload, generated once into its folder."""
    from benchmarks.paper.workloads import keeping

    return keeping.workload(name, size, folder, corpus=corpus, progress=progress)


def _options(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--small", dest="size", action="store_const", const="small", help="50 models, a few minutes")
    size.add_argument("--ten", dest="size", action="store_const", const="ten", help="10 models, for the shape alone")
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="lines `label<TAB>text` after a head line")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help=", ".join(x.name for x in EXPERIMENTS))
    parser.add_argument("--results", type=Path, metavar="FILE", help="the result file to continue")
    parser.add_argument("--page", type=Path, metavar="FILE", help="the page to write, next to the results by default")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="the folder of the generated pipelines")
    parser.add_argument("--install", action="store_true", help="install the rivals that are missing")
    parser.add_argument("--again", action="store_true", help="measure what was measured before, too")
    parser.set_defaults(size="full")
    return Options(**vars(parser.parse_args(arguments)))


def _compared() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper compare")
    parser.add_argument("results", nargs=2, type=Path, metavar="FILE")
    return parser


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    sys.exit(main(sys.argv[1:]))
