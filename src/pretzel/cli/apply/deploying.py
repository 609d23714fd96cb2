"""Deploy the entries of a manifest, several at a time, and record the outcome of each."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from pretzel.cli.apply import origin
from pretzel.cli.apply.manifest import Entry, Manifest
from pretzel.cli.estimators import load_model
from pretzel.cli.files import sample_batch
from pretzel.cli.sources.fetching import local_file, model_file
from pretzel.cli.tables.reading import Reading
from pretzel.client import ControlPlane
from pretzel.errors import NotFoundError, PretzelError
from pretzel.plan.hints import NONE, Hinting
from pretzel.plan.model import Model, ModelVersion

State = Literal["new", "changed", "same", "alias moved", "labels changed", "hints changed", "deleted", "failed"]


@dataclass
class Outcome:
    """The outcome for one model."""

    model: str
    state: State
    version: int | None = None
    verification: str = ""
    seconds: float = 0.0
    error: Exception | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Work:
    """The arguments that all entries of one run share."""

    plane: ControlPlane
    manifest: Manifest
    dry: bool
    again: bool
    """Deploy also what was deployed from the same contents."""
    wait: bool


def apply_all(work: Work, jobs: int, done: Callable[[Outcome], None]) -> Iterator[Outcome]:
    """Yield the outcome of each entry, in their order; ``done`` is called as each ends."""
    run = partial(_reported, work, done)
    with warnings.catch_warnings(), ThreadPoolExecutor(jobs) as pool:
        warnings.simplefilter("ignore")  # those that answers may differ are with the version
        futures = [pool.submit(run, entry) for entry in work.manifest.entries]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def delete(work: Work, names: Sequence[str]) -> Iterator[Outcome]:
    """Delete models, or list those that would be deleted."""
    for name in names:
        try:
            if not work.dry:
                work.plane.delete(name, force=True)
            yield Outcome(name, "deleted")
        except PretzelError as error:
            yield Outcome(name, "failed", error=error)


def left_over(work: Work) -> list[str]:
    """Return the models of the manifest's set that it no longer lists."""
    listed = {entry.name for entry in work.manifest.entries}
    return [model.name for model in work.plane.models() if model.name not in listed and _in_set(model, work.manifest)]


def _in_set(model: Model, manifest: Manifest) -> bool:
    newest = model.versions[-1] if model.versions else None
    return newest is not None and newest.metadata.get(origin.SET) == manifest.set


def _reported(work: Work, done: Callable[[Outcome], None], entry: Entry) -> Outcome:
    started = time.monotonic()
    try:
        outcome = _applied(work, entry)
    except Exception as error:  # of the library that trained the model, too: the others go on
        outcome = Outcome(entry.name, "failed", error=error)
    outcome.seconds = time.monotonic() - started
    done(outcome)
    return outcome


def _applied(work: Work, entry: Entry) -> Outcome:
    current = _current(work.plane, entry.name)
    with ExitStack() as files:
        path = files.enter_context(model_file(entry.file))
        sample = files.enter_context(local_file(entry.sample)) if entry.sample else None
        digest = origin.digest_of(entry, path, sample)
        known = None if work.again else origin.applied(current, digest)
        if known and current:
            return _unchanged(work, entry, current, known)
        if work.dry:
            return Outcome(entry.name, "changed" if current else "new")
        model = load_model(path, entry.trust, warn_of_code=False)
        rows = sample_batch(sample, model, Reading()).X if sample else None
        version = _deployed(work, entry, model, rows, origin.metadata_of(entry, digest, work.manifest.set))
    _hint(work, entry, current)
    newest = current.versions[-1].version if current and current.versions else 0
    state: State = "same" if version.version <= newest else "changed" if current else "new"
    caveats = [] if sample else version.may_differ  # a sample was compared
    return Outcome(entry.name, state, version.version, version.verification, warnings=caveats)


def _deployed(work: Work, entry: Entry, model: Any, rows: Any, metadata: dict[str, Any]) -> ModelVersion:
    return work.plane.deploy(
        entry.name,
        model,
        sample=rows,
        sample_rows=entry.sample_rows,
        tolerance=entry.tolerance,
        alias=entry.alias,
        wait=work.wait,
        outputs=entry.outputs or None,
        python=entry.python,
        options={} if entry.weights == "exact" else {"weights": entry.weights},
        metadata=metadata,
        labels=entry.labels,
        owner=entry.owner,
        note=entry.note,
        version_labels=entry.version_labels,
    )


def _unchanged(work: Work, entry: Entry, current: Model, known: ModelVersion) -> Outcome:
    """Bring labels, owner, note and alias of a version that exists up to date."""
    state: State = "same"
    if _differ(entry.labels, entry.owner, "", current):
        state = "labels changed"
        if not work.dry:
            work.plane.label(entry.name, entry.labels, owner=entry.owner or None)
    if _differ(entry.version_labels, "", entry.note, known):
        state = "labels changed"
        if not work.dry:
            work.plane.label(str(known), entry.version_labels, note=entry.note or None)
    if _hint(work, entry, current):
        state = "hints changed"
    if entry.alias and current.aliases.get(entry.alias) != known.version:
        state = "alias moved"
        if not work.dry:
            work.plane.alias(entry.name, entry.alias, known.version)
    return Outcome(entry.name, state, known.version, known.verification)


def _hint(work: Work, entry: Entry, current: Model | None) -> bool:
    """Bring the hints of a model up to date; return whether they differed."""
    hinting, before = Hinting(entry.pin, entry.replicas, entry.workers), current.hints if current else NONE
    differ = hinting.applied(before) != before
    if differ and not work.dry:
        work.plane.hints(entry.name, pin=entry.pin, replicas=entry.replicas, workers=entry.workers)
    return differ


def _differ(labels: Mapping[str, str], owner: str, note: str, subject: Model | ModelVersion) -> bool:
    """Return whether a model or version lacks a label, the owner or the note; empty texts ask for nothing."""
    missing = any(subject.labels.get(key) != value for key, value in labels.items())
    return missing or owner not in ("", subject.owner) or note not in ("", subject.note)


def _current(plane: ControlPlane, name: str) -> Model | None:
    try:
        return plane.model(name)
    except NotFoundError:
        return None
