"""Thousands of sibling models behind one `pretzel up`: ``python -m benchmarks.scale.models --models 1000``.

A text pipeline is fitted once; its siblings differ in their weights and are deployed through the public API.  Prints
one line per figure as it is measured, and writes ``docs/benchmarks/scale.md`` with ``--write``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.scale import deploying, loading, pauses, sharing, stores
from benchmarks.scale.page import Figures, write
from benchmarks.scale.processes import MIB
from benchmarks.scale.siblings import Family

PARTS: dict[str, Callable[[Figures, Path, argparse.Namespace], None]] = {}


def part(name: str) -> Callable[[Callable[[Figures, Path, argparse.Namespace], None]], None]:
    """Register a part of the measurement under a name."""
    return lambda work: PARTS.__setitem__(name, work)


@part("many")
def many(figures: Figures, directory: Path, options: argparse.Namespace) -> None:
    """Deploy thousands of models, restart their worker, and make first calls."""
    family = Family.fitted(options.features)
    deploying.measure(figures, family, directory / "many", options)


@part("cycles")
def cycles(figures: Figures, directory: Path, options: argparse.Namespace) -> None:
    """Load and unload models under a small budget."""
    loading.measure(figures, Family.fitted(options.features), directory / "cycles", options)


@part("shared")
def shared(figures: Figures, directory: Path, options: argparse.Namespace) -> None:
    """Compare the memory of larger text models with their distinct parameters."""
    sharing.measure(figures, Family.fitted(options.wide), directory / "shared", options)


@part("pauses")
def pauses_of_others(figures: Figures, directory: Path, options: argparse.Namespace) -> None:
    """Call while large models are deployed and loaded."""
    pauses.measure(figures, directory / "pauses", options)


@part("stores")
def stores_of_servers(figures: Figures, directory: Path, options: argparse.Namespace) -> None:
    """Deploy through PostgreSQL and S3, and through the default."""
    stores.measure(figures, Family.fitted(options.features), directory / "stores", options.budget)


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all by default")
    parser.add_argument("--models", type=int, default=1000, help="sibling models to deploy")
    parser.add_argument("--features", type=int, default=4000, help="words in their dictionary")
    parser.add_argument("--budget", type=int, default=2048, help="memory budget of the worker, MiB")
    parser.add_argument("--calls", type=int, default=20_000, help="calls after a restart, 1 %% of them first calls")
    parser.add_argument("--cycles", type=int, default=2000, help="loads and unloads")
    parser.add_argument("--texts", type=int, default=250, help="text models with a large dictionary")
    parser.add_argument("--wide", type=int, default=50_000, help="words in that dictionary")
    parser.add_argument("--directory", type=Path, help="keep the stores here, and use those of an earlier run")
    parser.add_argument("--note", default="", help="a sentence on the circumstances of the run")
    parser.add_argument("--write", action="store_true", help="write the page of results")
    return parser.parse_args()


@contextmanager
def working_directory(kept: Path | None) -> Iterator[Path]:
    """Yield the directory of the stores; a temporary one unless it is kept."""
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


def main() -> None:
    """Measure the named parts, print each figure, and write the page if asked."""
    options = arguments()
    options.budget *= MIB
    figures = Figures()
    with working_directory(options.directory) as directory:
        for name in options.parts or PARTS:
            PARTS[name](figures, directory, options)
    if options.write:
        write(figures, options)


if __name__ == "__main__":
    main()
