"""Models that other workers serve: this one knows their names and selectors, and fetches nothing of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pretzel.data_plane.catalog import SELECTOR, Catalog, decode_model
from pretzel.errors import CorruptObjectError
from pretzel.plan.model import Model


def trimmed(model: Model, labels: Mapping[str, str]) -> Model:
    """Return a model as a worker with some labels has it: without versions if others serve it."""
    return model if model.hints.admit(labels) else replace(model, versions=(), aliases={}, traffic={})


def resumable(saved: Catalog, labels: Mapping[str, str]) -> Catalog:
    """Return a saved catalog as it can be followed: from the start if the worker had other labels."""
    suits = all(map(lambda record: _suits(record, labels), saved.records.values()))
    return saved if suits else Catalog(saved.epoch, 0, saved.records)


def _suits(record: bytes, labels: Mapping[str, str]) -> bool:
    if SELECTOR not in record:
        return True
    try:
        model = decode_model(record)
    except CorruptObjectError:
        return False
    return model.hints.admit(labels) == bool(model.versions)
