"""The workers' view of the catalog: an immutable map of models, versions and aliases at one revision.

A model is stored as its canonical bytes and decoded on first use: a process that has 20 000 models and serves ten of
them decodes ten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pretzel.data_plane.canonical import decode
from pretzel.data_plane.records import Records
from pretzel.errors import CorruptObjectError, DefinitionError, NotFoundError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import encode
from pretzel.plan.hints import Hints
from pretzel.plan.model import Model, ModelVersion, Shadow
from pretzel.plan.traffic import SLOTS, Runs

DEFAULT_ALIAS = "stable"
SELECTOR = b"workers"
"""Text in the record of each model that selects workers, and in few others."""
MOST_DECODED = 256
"""Decoded models that are kept; those beyond are decoded again, which takes some tens of microseconds."""


@dataclass(frozen=True)
class Catalog:
    """All models at one revision of one store."""

    epoch: str = ""
    revision: int = 0
    records: Records = field(default_factory=Records)
    """The canonical bytes of each model."""
    _decoded: OrderedDict[str, Model] = field(default_factory=OrderedDict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Copy records that are given as another mapping."""
        object.__setattr__(self, "records", Records(self.records))

    def __len__(self) -> int:
        """Return the number of models."""
        return len(self.records)

    @property
    def known(self) -> bool:
        """True once any catalog arrived, even an old or incomplete one."""
        return bool(self.epoch or self.records)

    def get(self, name: str) -> Model | None:
        """Return a model, or None."""
        model = self._decoded.get(name)
        if model is None and (record := self.records.get(name)) is not None:
            model = self._decoded[name] = decode_model(record)
            if len(self._decoded) > MOST_DECODED:
                self._decoded.popitem(last=False)
        return model

    def is_elsewhere(self, name: str) -> bool:
        """Return whether only other workers serve a model; of most, without decoding it."""
        return SELECTOR in self.records[name] and bool(elsewhere(self.get(name)))

    def find(self, reference: str) -> ModelVersion:
        """Return the version that `name`, `name@version` or `name:alias` refers to; a bare name means `name:stable`.

        Raises:
            NotFoundError: the model, version or alias does not exist.
        """
        if model := self.get(reference):
            return under(model, DEFAULT_ALIAS)
        name, mark, rest = split_reference(reference)
        model = self.get(name) if mark else None
        if model is None:
            raise NotFoundError(f"Request for unknown model: {name[:200]!r} is not found")
        return under(model, rest) if mark == ":" else numbered(model, rest)

    def split(self, reference: str) -> Runs:
        """Return the runs over which the calls of a reference are split; none if one version takes all."""
        if model := self.get(reference):
            return model.traffic.get(DEFAULT_ALIAS, ())
        name, mark, alias = split_reference(reference)
        model = self.get(name) if mark == ":" else None
        return model.traffic.get(alias, ()) if model else ()

    def shadow(self, reference: str) -> Shadow | None:
        """Return the shadow of the alias that a reference names, if it has one."""
        if model := self.get(reference):
            return model.shadows.get(DEFAULT_ALIAS)
        name, mark, alias = split_reference(reference)
        model = self.get(name) if mark == ":" else None
        return model.shadows.get(alias) if model else None

    def changed(
        self,
        epoch: str,
        revision: int,
        models: Mapping[str, bytes],
        deleted: Iterable[str] = (),
        *,
        whole: bool = False,
    ) -> Catalog:
        """Return the catalog after a change; with ``whole``, ``models`` is the complete catalog."""
        if whole:
            return Catalog(epoch, revision, Records(models))
        records = self.records.changed(models, deleted)
        decoded = ((n, m) for n, m in self._decoded.items() if records.get(n) is self.records.get(n))
        return Catalog(epoch, revision, records, OrderedDict(decoded))


def numbered(model: Model, number: str) -> ModelVersion:
    """Return one version of a model.

    Raises:
        NotFoundError: the model has no version of that number.
    """
    for version in model.versions:
        if str(version.version) == number:
            return version
    have = listing(version.version for version in model.versions)
    raise NotFoundError(f"model {model.name!r} has no version {number[:40]!r}; it has {have}")


def under(model: Model, alias: str) -> ModelVersion:
    """Return the version that an alias points to.

    Raises:
        NotFoundError: the model has no alias of that name.
    """
    if alias not in model.aliases:
        raise NotFoundError(f"model {model.name!r} has no alias {alias[:80]!r}; it has {listing(model.aliases)}")
    return numbered(model, str(model.aliases[alias]))


def elsewhere(model: Model | None) -> str:
    """Return why this worker has no version of a model that other workers serve; else an empty string."""
    if model is None or model.versions or not model.hints.workers:
        return ""
    return (
        f"only workers with the labels {model.hints.workers!r} serve it, and not this one; "
        f"ask one that `pretzel where {model.name}` lists"
    )


def split_reference(reference: str) -> tuple[str, str, str]:
    """Split `name@version` or `name:alias` at its last mark; the mark of a bare name is empty."""
    at = max(reference.rfind("@"), reference.rfind(":"))
    return (reference, "", "") if at < 0 else (reference[:at], reference[at], reference[at + 1 :])


def listing(names: Iterable[object], limit: int = 5) -> str:
    """Return the first names as text for an error message."""
    names = list(names)
    shown = ", ".join(map(str, names[:limit])) or "none"
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def encode_model(model: Model) -> bytes:
    """Return the canonical bytes of a model."""
    versions = [_version_tree(version) for version in model.versions]
    tree: dict[str, Any] = {"name": model.name, "versions": versions, "aliases": dict(model.aliases)}
    if model.traffic:
        tree["traffic"] = {alias: [list(run) for run in runs] for alias, runs in model.traffic.items()}
    if model.hints.workers:
        tree["workers"] = model.hints.workers
    if model.shadows:
        tree["shadows"] = {alias: [one.version, one.slots, one.id] for alias, one in model.shadows.items()}
    return encode(tree)


def decode_model(data: bytes) -> Model:
    """Decode the bytes of :func:`encode_model`.

    Raises:
        CorruptObjectError: the bytes are not a model.
    """
    tree = decode(data)
    try:
        versions = tuple(_version(tree["name"], item) for item in tree["versions"])
        traffic = {alias: _runs(runs) for alias, runs in tree.get("traffic", {}).items()}
        hints = Hints(workers=tree.get("workers", ""))
        shadows = {alias: _shadow(*parts) for alias, parts in tree.get("shadows", {}).items()}
        return Model(tree["name"], versions, tree["aliases"], traffic=traffic, hints=hints, shadows=shadows)
    except (KeyError, TypeError, ValueError, AttributeError, DefinitionError) as error:
        raise CorruptObjectError(f"catalog: malformed model: {error!r}") from None


def _runs(runs: Iterable[Any]) -> Runs:
    """Return the runs of a split.

    Raises:
        ValueError: they do not have all slots.
    """
    read = tuple((version, slots) for version, slots in runs)
    if sum(slots for _, slots in read) != SLOTS:
        raise ValueError(f"a split of other than {SLOTS} slots")
    return read


def _shadow(version: Any, slots: Any, number: Any) -> Shadow:
    """Return a shadow.

    Raises:
        ValueError: its share is none.
    """
    if not 1 <= slots <= SLOTS:
        raise ValueError(f"a shadow of {slots} slots")
    return Shadow(version, slots, number)


def plans_of(data: bytes) -> list[Digest]:
    """Return the plans of a model's versions, without a look at their metadata, which take most of the time.

    Raises:
        CorruptObjectError: the bytes are not a model.
    """
    try:
        return [Digest.parse(version["plan"]) for version in decode(data)["versions"]]
    except (KeyError, TypeError, DefinitionError) as error:
        raise CorruptObjectError(f"catalog: malformed model: {error!r}") from None


def _version_tree(version: ModelVersion) -> dict[str, Any]:
    return {
        "version": version.version,
        "plan": str(version.plan),
        "definition": str(version.definition),
        "created": version.created,
        "parameter_bytes": version.parameter_bytes,
        "metadata": encode(dict(version.metadata)),
    }


def _version(model: str, tree: Mapping[str, Any]) -> ModelVersion:
    return ModelVersion(
        model,
        tree["version"],
        Digest.parse(tree["plan"]),
        Digest.parse(tree["definition"]),
        tree["created"],
        tree["parameter_bytes"],
        decode(metadata) if isinstance(metadata := tree["metadata"], bytes) else metadata,  # of an older version
    )
