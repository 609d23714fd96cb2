"""Workloads on disk: each is generated once, deterministically, and a killed generation continues where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import pretzel
from benchmarks.paper.sizes import Size
from benchmarks.paper.workloads.ac import Attendees
from benchmarks.paper.workloads.corpus import sentences
from benchmarks.paper.workloads.sa import Sentiment
from benchmarks.paper.workloads.workload import Member, Workload
from pretzel.plan import bundle

VERSION = 2
"""Changes when the pipelines do."""
MANIFEST, BEGUN, ROWS = "manifest.json", "begun.json", "rows.pickle"
LIBRARIES = ("numpy", "scipy", "scikit-learn", "lightgbm")
NAMES = ("SA", "AC")


class Pipelines(Protocol):
    """A maker of the pipelines of a workload."""

    @property
    def asked(self) -> Any:
        """Rows that nothing was fitted on."""
        ...

    def parts(self, number: int) -> tuple[str, ...]:
        """Return the versions of a model's featurizers, or its kind."""
        ...

    def estimator(self, number: int) -> Any:
        """Return a model, fitted."""
        ...


def workload(
    name: str, size: Size, folder: Path, corpus: Path | None = None, progress: Callable[[str], None] = lambda text: None
) -> Workload:
    """Return a workload from its folder; generate what is missing of it there.

    Args:
        name: ``SA`` or ``AC``.
        size: models and rows.
        folder: is emptied if it holds another workload, and nothing else may be in it.
        corpus: the file of reviews for ``SA``; None: the built-in texts.
        progress: is called with the model that is generated.

    Raises:
        SkippedError: the corpus cannot be used.
    """
    wanted = _fingerprint(name, size, corpus)
    if _read(folder / MANIFEST).get("fingerprint") != wanted:
        _generate(name, size, folder, corpus, progress, wanted)
    kept = _read(folder / MANIFEST)
    members = [_member(folder, f"{name.lower()}-{i}", tuple(parts)) for i, parts in enumerate(kept["parts"])]
    return Workload(name, members, pickle.loads((folder / ROWS).read_bytes()), kept["about"])


def _fingerprint(name: str, size: Size, corpus: Path | None) -> str:
    """Return a digest of all that decides which pipelines are made."""
    facts: list[Any] = [VERSION, name, size.models, size.texts, size.terms, size.asked]
    facts += [metadata.version(library) for library in LIBRARIES]
    if name == "SA" and corpus is not None and corpus.is_file():
        facts.append(hashlib.sha256(corpus.read_bytes()).hexdigest())
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _generate(
    name: str, size: Size, folder: Path, corpus: Path | None, progress: Callable[[str], None], wanted: str
) -> None:
    made, about = _pipelines(name, size, corpus)
    if _read(folder / BEGUN).get("fingerprint") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _write(folder / BEGUN, json.dumps({"fingerprint": wanted}).encode())
    parts = [made.parts(number) for number in range(size.models)]
    for number in range(size.models):
        member = _member(folder, f"{name.lower()}-{number}", parts[number])
        if not member.definition.exists():  # it is written last
            progress(f"{name}: model {number + 1} of {size.models} is fitted")
            _make(member, made.estimator(number))
    _write(folder / ROWS, pickle.dumps(made.asked))
    _write(folder / MANIFEST, json.dumps({"fingerprint": wanted, "about": about, "parts": parts}).encode())


def _pipelines(name: str, size: Size, corpus: Path | None) -> tuple[Pipelines, str]:
    if name == "AC":
        return Attendees(size), "attendee counts, generated: rows of 40 numbers, of which one in twenty is missing"
    texts = sentences(corpus, size.texts)
    return Sentiment(texts, size), texts.about


def _make(member: Member, estimator: Any) -> None:
    _write(member.pickle, pickle.dumps(estimator))
    temporary = member.definition.with_suffix(".part")
    bundle.save(temporary, pretzel.export(estimator))
    os.replace(temporary, member.definition)


def _member(folder: Path, name: str, parts: tuple[str, ...]) -> Member:
    return Member(name, folder / f"{name}.pickle", folder / f"{name}.pretzel", parts)


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(data)
    os.replace(temporary, path)


def _read(path: Path) -> dict[str, Any]:
    """Return a JSON document; an empty one if it is missing or torn."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
