"""Recognize a model that was deployed from the same file, so that `pretzel apply` need not open it again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pretzel.cli.apply.manifest import Entry
from pretzel.cli.sources.address import shown
from pretzel.plan.model import Model, ModelVersion

KEY = "applied"
"""Metadata of a version: the digest of what it was deployed from."""
SET = "set"
SOURCE = "source"
_PIECE = 1 << 20


def digest_of(entry: Entry, file: Path, sample: Path | None) -> str:
    """Return the digest of the contents of an entry's files, and of the options that change the plan."""
    total = hashlib.sha256()
    options = (entry.sample_rows, entry.tolerance, entry.outputs, entry.weights, entry.python)
    total.update(json.dumps(options).encode())
    for path in (file, sample):
        total.update(_digest(path) if path else b"no sample")
    return total.hexdigest()


def metadata_of(entry: Entry, digest: str, set: str | None) -> dict[str, Any]:
    """Return what a version records of its origin; an address without its secrets."""
    known = {KEY: digest, SOURCE: shown(entry.file), SET: set}
    return {key: value for key, value in known.items() if value is not None}


def applied(model: Model | None, digest: str) -> ModelVersion | None:
    """Return the newest version of a model if it was deployed from contents of this digest."""
    newest = model.versions[-1] if model and model.versions else None
    return newest if newest and newest.metadata.get(KEY) == digest else None


def _digest(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.digest()
