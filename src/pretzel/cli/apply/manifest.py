"""The manifest of `pretzel apply`: a YAML file that lists models and how each is deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from pretzel.cli.sources import fetching
from pretzel.cli.sources.address import is_pattern, scheme, stem
from pretzel.cli.sources.folder import MLMODEL, MODELS, models_in
from pretzel.client.golden import SAMPLE_ROWS
from pretzel.errors import InputError, UnsupportedError

STEM = "{stem}"
"""In a name or a sample: the model file's name without its extension."""


@dataclass(frozen=True)
class Entry:
    """One model of a manifest."""

    name: str
    file: str
    """A path or a URL; in the manifest also a pattern, with an entry per matching file."""
    sample: str | None = None
    """Rows to verify the plan on."""
    sample_rows: int = SAMPLE_ROWS
    tolerance: float | None = None
    alias: str = "stable"
    """Empty for none."""
    outputs: tuple[str, ...] = ()
    """The methods to serve; empty for the defaults."""
    weights: str = "exact"
    python: str | None = None
    trust: tuple[str, ...] = ()
    """Types to allow in a skops file."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels to set on the model; those of other keys stay."""
    owner: str = ""
    note: str = ""
    """A note on the version that is deployed from the file."""
    version_labels: Mapping[str, str] = field(default_factory=dict)
    pin: bool | None = None
    """Whether workers never evict it; None leaves it as it is, as for the two that follow."""
    replicas: int | None = None
    """The least number of workers that keep it loaded."""
    workers: str | None = None
    """A selector of the workers that serve it."""


@dataclass(frozen=True)
class Manifest:
    """A list of models, and the name of their set."""

    entries: tuple[Entry, ...]
    set: str | None = None
    """Recorded with each version; `--prune` deletes the models of a set that its manifest no longer lists."""


KINDS: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "file": (str,),
    "sample": (str,),
    "sample_rows": (int,),
    "tolerance": (float, int),
    "alias": (str,),
    "outputs": (list,),
    "weights": (str,),
    "python": (str,),
    "trust": (list,),
    "labels": (dict,),
    "owner": (str,),
    "note": (str,),
    "version_labels": (dict,),
    "pin": (bool,),
    "replicas": (int,),
    "workers": (str,),
}
_KINDS: Mapping[type, str] = {list: "a list of texts", dict: "a table of texts", bool: "true or false"}
CHOICES = {"weights": ("exact", "f32", "f16", "sparse"), "python": ("isolated",)}


def of_files(files: Sequence[str]) -> Manifest:
    """Return the manifest of files that are named like their models."""
    return _unique([part for file in files for part in _expanded(Entry(STEM, file), Path(), f"{file}")], None)


def read(path: Path) -> Manifest:
    """Read a manifest; relative paths in it start at its folder.

    Raises:
        InputError: it is damaged; an entry has an unknown key or a wrong value; a pattern matches no file, or two
            entries have one name.
        UnsupportedError: PyYAML is not installed.
    """
    document = _document(path)
    if not isinstance(document, dict) or not isinstance(document.get("models"), list):
        raise InputError(f"{path}: expected a table with a list `models`")
    unknown = sorted(map(str, {*document} - {"models", "defaults", "set"}))
    if unknown:
        raise InputError(f"{path}: unknown key {unknown[0]!r}; expected models, defaults or set")
    defaults = _checked(document.get("defaults") or {}, f"{path}: defaults")
    entries: list[Entry] = []
    for position, item in enumerate(document["models"], 1):
        label = f"{path}: model {position}"
        values = _merged(defaults, _checked(item, label))
        missing = [key for key in ("name", "file") if key not in values]
        if missing:
            raise InputError(f"{label}: {missing[0]} is missing")
        entries += _expanded(Entry(**values), path.parent, label)
    return _unique(entries, _set(document.get("set"), path))


def _set(value: Any, path: Path) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise InputError(f"{path}: set: expected a name, got {value!r:.60}")
    return value


def _document(path: Path) -> Any:
    try:
        yaml = import_module("yaml")
    except ModuleNotFoundError:
        raise UnsupportedError(f"{path}: a manifest needs PyYAML; pip install 'pretzel[sources]'") from None
    try:
        return yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: it is not YAML ({' '.join(str(error).split())})") from None
    except OSError as error:
        raise InputError(f"{path}: it cannot be read ({error.strerror})") from None


def _checked(item: Any, label: str) -> dict[str, Any]:
    """Return the values of an entry, with lists as tuples."""
    if not isinstance(item, dict):
        raise InputError(f"{label}: expected a table of keys and values, got {item!r:.60}")
    for key, value in item.items():
        if key not in KINDS:
            raise InputError(f"{label}: unknown key {key!r:.60}; expected one of {', '.join(KINDS)}")
        if not _is_of(value, KINDS[key]) or not all(map(_is_text, _parts(value))):
            kind = _KINDS.get(KINDS[key][0]) or f"a {KINDS[key][0].__name__}"
            raise InputError(f"{label}: {key}: expected {kind}, got {value!r:.60}")
        if key in CHOICES and value not in CHOICES[key]:
            raise InputError(f"{label}: {key}: expected {' or '.join(CHOICES[key])}, got {value!r:.60}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}


def _is_of(value: Any, kinds: tuple[type, ...]) -> bool:
    """Return whether a value is of some types; true and false are not numbers."""
    return isinstance(value, kinds) and (isinstance(value, bool) <= (bool in kinds))


def _is_text(part: Any) -> bool:
    return isinstance(part, str)


def _parts(value: Any) -> list[Any]:
    """Return the elements of a list, or the keys and values of a table; others have none."""
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an entry over the defaults; tables are merged by key."""
    tables = {key: {**defaults[key], **own[key]} for key in own if key in defaults and isinstance(own[key], dict)}
    return {**defaults, **own, **tables}


def _expanded(entry: Entry, base: Path, label: str) -> Iterator[Entry]:
    """Yield an entry per file of a pattern or folder, with its name and its sample filled in."""
    files = _files(_based(entry.file, base), entry.name)
    if len(files) > 1 and STEM not in entry.name:
        raise InputError(
            f"{label}: {entry.file} matches {len(files)} files, which need one name each; "
            f"use {STEM} in the name {entry.name!r}"
        )
    for found in files:
        name = entry.name.replace(STEM, stem(found))
        sample = entry.sample and _based(entry.sample.replace(STEM, stem(found)), base)
        yield replace(entry, name=name, file=found, sample=sample)


def _files(file: str, name: str) -> list[str]:
    """Return the files of an address: those that match a pattern, or those of a folder if the name has a stem."""
    if is_pattern(file):
        return fetching.expanded(file)
    if scheme(file) or STEM not in name or not Path(file).is_dir() or Path(file, MLMODEL).exists():
        return [file]
    found = models_in(Path(file))
    if not found:
        raise InputError(f"{file}: the folder has no model file; expected one of {', '.join(MODELS)}")
    return list(map(str, found))


def _based(address: str, base: Path) -> str:
    return address if scheme(address) else str(base / address)


def _unique(entries: list[Entry], set: str | None) -> Manifest:
    seen: dict[str, Entry] = {}
    for entry in entries:
        if entry.name in seen:
            both = f"{seen[entry.name].file} and {entry.file}"
            raise InputError(f"model {entry.name!r}: both {both} have this name; a model has one file")
        seen[entry.name] = entry
    return Manifest(tuple(entries), set)
