"""A run of the evaluation: workloads, experiments in order, each result kept at once, and the page at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.paper import report, results
from benchmarks.paper.baselines.environments import SkippedError
from benchmarks.paper.baselines.processes import available_bytes
from benchmarks.paper.experiment import Context, Experiment
from benchmarks.paper.progress import Progress, clock
from benchmarks.paper.results import Results, StoppedError
from benchmarks.paper.sizes import SIZES, Size
from benchmarks.paper.workloads import Workload

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs/benchmarks"
KINDS = ("SA", "AC")
NEEDED_BYTES = {"full": 8 << 30, "small": 2 << 30, "ten": 1 << 29}
"""Memory that a run of each size takes at most, its servers included."""
Make = Callable[[str, Size, Path, Path | None, Callable[[str], None]], Workload]
"""Returns a workload of a name and a size, kept in a folder."""


@dataclass(frozen=True)
class Options:
    """The options of a run."""

    size: str = "full"
    corpus: Path | None = None
    only: Sequence[str] = ()
    """Experiments to measure; all if empty."""
    results: Path | None = None
    page: Path | None = None
    folder: Path | None = None
    """The folder of the workloads."""
    install: bool = False
    again: bool = False

    @property
    def results_path(self) -> Path:
        """The result file; that of the full size is published."""
        published = PUBLISHED / "paper.json"
        return self.results or (published if self.size == "full" else Path("build/paper") / f"{self.size}.json")

    @property
    def page_path(self) -> Path:
        """The page, next to the result file unless it is named."""
        return self.page or self.results_path.with_suffix(".md")


def run(options: Options, experiments: Sequence[Experiment], make: Make, progress: Progress | None = None) -> int:
    """Measure what is not measured yet, and write the page; return the exit code: 1 if an experiment failed.

    Raises:
        StoppedError: the run cannot continue; the message says what to do.
    """
    _check(options, experiments)
    chosen = [item for item in experiments if not options.only or item.name in options.only]
    if options.results_path.exists():
        results.read(options.results_path)  # before the workloads, which take minutes
    progress = progress or Progress(_expected(options))
    workloads = _workloads(options, make, progress)
    corpus = str(options.corpus or "built in")
    kept = results.opened(options.results_path, options.size, corpus, workloads, again=options.again)
    context = Context(SIZES[options.size], workloads, progress.step, options.install)
    failed = _measure(chosen, context, kept, progress, again=options.again)
    report.write(kept, experiments, options.page_path)
    progress.line(f"results: {options.results_path}; page: {options.page_path}")
    return 1 if failed else 0


def _check(options: Options, experiments: Sequence[Experiment]) -> None:
    """Raise StoppedError for what can be seen before minutes have passed."""
    known = [item.name for item in experiments]
    if unknown := [name for name in options.only if name not in known]:
        raise StoppedError(f"--only {unknown[0]}: expected some of {', '.join(known)}")
    if options.corpus is not None and not options.corpus.is_file():
        raise StoppedError(
            f"--corpus {options.corpus}: is not a file; name a file of lines `label<TAB>text`, or leave the option out"
        )
    needed, available = NEEDED_BYTES[options.size], available_bytes()
    if available < needed:
        raise StoppedError(
            f"the size {options.size!r} needs {needed / 2**30:.1f} GiB of memory, and {available / 2**30:.1f} GiB are "
            "available; end other programs, or use --small"
        )


def _expected(options: Options) -> dict[str, float]:
    """Return the seconds of each experiment in an earlier run of this size."""
    for path in (options.results_path, PUBLISHED / "paper.json"):
        with suppress(StoppedError):
            if (earlier := results.read(path)).size == options.size:
                return {name: outcome["seconds"] for name, outcome in earlier.experiments.items()}
    return {}


def _workloads(options: Options, make: Make, progress: Progress) -> Mapping[str, Workload]:
    folder = options.folder or Path("build/paper") / options.size
    made = {}
    for number, name in enumerate(KINDS, 1):
        with progress.part(f"workload {name}", number, len(KINDS), []):
            try:
                made[name] = make(name, SIZES[options.size], folder / name, options.corpus, progress.step)
            except SkippedError as error:
                raise StoppedError(str(error)) from None
    return made


def _measure(
    chosen: Sequence[Experiment], context: Context, kept: Results, progress: Progress, *, again: bool
) -> list[str]:
    """Measure the experiments that the file lacks; return the names of those that failed."""
    todo = [item for item in chosen if again or kept.measured(item.name) is None]
    for item in chosen:
        if item not in todo:
            progress.line(_taken_over(item.name, kept))
    kept.save()
    failed = []
    for number, item in enumerate(todo, 1):
        with progress.part(item.name, number, len(todo), [other.name for other in todo[number - 1 :]]):
            begun = time.monotonic()
            outcome = _outcome(item, context)
            kept.add(item.name, time.monotonic() - begun, **outcome)
        for word in ("skipped", "failed"):
            if word in outcome:
                progress.line(f"  {item.name}: {word}: {outcome[word]}")
        progress.line(f"  {item.name}: {clock(time.monotonic() - begun)}")
        failed += [item.name] if "failed" in outcome else []
    return failed


def _outcome(item: Experiment, context: Context) -> dict[str, Any]:
    """Measure an experiment; one that fails does not end the others."""
    try:
        return {"found": item.measure(context)}
    except SkippedError as error:
        return {"skipped": _line(error)}
    except Exception as error:  # it is in the report, and the next run measures it again
        return {"failed": f"{type(error).__name__}: {_line(error)}"}


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:300]


def _taken_over(name: str, kept: Results) -> str:
    outcome = kept.experiments[name]
    commit = kept.circumstances["commit"]
    other = "" if outcome["commit"] == commit else f", at another commit, {outcome['commit']}; this is {commit}"
    return f"{name}: taken over from {outcome['when']}{other}"
