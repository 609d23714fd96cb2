"""Identity of a store: its epoch, in a file next to the objects, so that no other store's catalog judges them."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

from pretzel.control_plane.store.files import parse_name
from pretzel.errors import CorruptObjectError, PreconditionError, UnavailableError
from pretzel.serving.durable import replace_file
from pretzel.serving.shortage import is_shortage

FILE = "epoch"


@dataclass(frozen=True, slots=True)
class Identity:
    """Content of the identity file."""

    epoch: str
    replaces: str = ""
    """Epoch of the store that this one replaces, as its operator declared; workers of that one follow it."""
    keeps: bool = False
    """True if unneeded objects stay, because the catalog was lost and no check has run since."""


def read(root: Path) -> Identity | None:
    """Return the identity of a directory of objects; None if none was written.

    Raises:
        CorruptObjectError: the file does not hold an identity.
        UnavailableError: the machine is short of descriptors or memory.
    """
    try:
        return Identity(**json.loads((root / FILE).read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        if is_shortage(error):
            raise UnavailableError(f"{root / FILE}: {error}; retry in a moment") from None
        raise CorruptObjectError(
            f"{root / FILE}: it lacks an epoch ({error}); restore it, or remove it if the catalog is the right one"
        ) from None


def write(root: Path, identity: Identity) -> None:
    """Write an identity."""
    root.mkdir(parents=True, exist_ok=True)
    replace_file(root / FILE, json.dumps(asdict(identity)).encode() + b"\n", mode=0o644)


class Cataloged(Protocol):
    """A catalog that may not exist yet."""

    short: str
    """Its name in messages about the data directory."""

    def epoch(self) -> str:
        """Return its epoch; empty if it does not exist."""


def establish(data_dir: Path, root: Path | None, catalog: Cataloged, new: bool = False, replaces: str = "") -> Identity:
    """Return the identity of the store of a data directory; create one if neither store nor catalog exists.

    With ``new``, also if objects lost their catalog: they are kept until a check.  ``root`` is the directory of the
    objects; without one, the identity is that of the catalog.

    Raises:
        PreconditionError: objects or an epoch exist without a catalog, or the catalog is of another store.
        CorruptObjectError: the catalog or the file of the epoch is damaged.
    """
    stored, cataloged = root and read(root), catalog.epoch()
    if cataloged:
        return _matching(data_dir, stored or Identity(cataloged), catalog.short, cataloged, replaces)
    orphaned = stored is not None or (root is not None and _holds_objects(root))
    if orphaned and not new:
        whose = f" of epoch {stored.epoch}" if stored else ""
        raise PreconditionError(
            f"data directory {data_dir}: it holds objects{whose}, but its {catalog.short} is missing or empty; "
            "restore it from a backup, or start with --new, which starts a new epoch without models and keeps "
            "the objects until `pretzel fsck --repair`"
        )
    created = Identity(uuid.uuid4().hex, replaces, orphaned)
    if orphaned and root:  # before the catalog of that epoch exists, so that a kill leaves a directory that is rejected
        write(root, created)
    return created


def bind(root: Path | None, identity: Identity) -> None:
    """Write the identity once the catalog exists; a kill before that leaves a new store, or one that is adopted."""
    if root and read(root) != identity:
        write(root, identity)


def _matching(data_dir: Path, known: Identity, catalog: str, cataloged: str, replaces: str) -> Identity:
    if known.epoch != cataloged:
        raise PreconditionError(
            f"data directory {data_dir}: {catalog} is of epoch {cataloged}, the objects are of {known.epoch}; "
            "put the catalog of these objects there, or move it away and start with --new"
        )
    return replace(known, replaces=replaces) if replaces else known


def _holds_objects(root: Path) -> bool:
    if not root.is_dir():
        return False
    shards = (shard for shard in root.iterdir() if len(shard.name) == 2 and shard.is_dir())
    return any(parse_name(name) for shard in shards for name in os.listdir(shard))
