"""Who a store is: its epoch, in a file beside the objects, so that they are never judged by another store's catalog."""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pretzel.control_plane.store.files import parse_name
from pretzel.errors import CorruptObjectError, PreconditionError
from pretzel.serving.durable import replace_file

FILE = "epoch"


@dataclass(frozen=True, slots=True)
class Identity:
    """What the file says."""

    epoch: str
    replaces: str = ""
    """The epoch of the store that this one stands in for, as its operator stated; workers of that one follow it."""
    keeps: bool = False
    """Whether objects that no version needs stay: the catalog was lost, and a check has not yet judged them."""


def read(root: Path) -> Identity | None:
    """Return the identity of a directory of objects, or None where none was written.

    Raises:
        CorruptObjectError: the file holds something else.
    """
    try:
        return Identity(**json.loads((root / FILE).read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise CorruptObjectError(
            f"{root / FILE}: it holds no epoch ({error}); restore it, or remove it if catalog.sqlite is the right one"
        ) from None


def write(root: Path, identity: Identity) -> None:
    """Keep an identity."""
    root.mkdir(parents=True, exist_ok=True)
    replace_file(root / FILE, json.dumps(asdict(identity)).encode() + b"\n", mode=0o644)


def establish(data_dir: Path, new: bool = False, replaces: str = "") -> Identity:
    """Return the identity of the store in a data directory; one is made where there is neither store nor catalog.

    With ``new``, also where objects have lost their catalog: they are kept until a check.

    Raises:
        PreconditionError: there are objects, or an epoch, and no catalog; or the catalog is of another store.
        CorruptObjectError: the catalog or the file of the epoch is damaged.
    """
    root = data_dir / "objects"
    known, cataloged = read(root), catalog_epoch(data_dir / "catalog.sqlite")
    if cataloged:
        return _matching(data_dir, known or Identity(cataloged), cataloged, replaces)
    orphaned = known is not None or _holds_objects(root)
    if orphaned and not new:
        whose = f" of epoch {known.epoch}" if known else ""
        raise PreconditionError(
            f"data directory {data_dir}: it holds objects{whose}, but its catalog.sqlite is missing or empty; "
            "restore it from a backup, or start with --new, which begins a new epoch without models and keeps "
            "the objects until `pretzel fsck --repair`"
        )
    made = Identity(uuid.uuid4().hex, replaces, orphaned)
    if orphaned:  # before the catalog of that epoch is there, so that a kill leaves a directory that is refused
        write(root, made)
    return made


def bind(data_dir: Path, identity: Identity) -> None:
    """Write the identity once the catalog is there; a kill before that leaves a new store, or one that is adopted."""
    if read(data_dir / "objects") != identity:
        write(data_dir / "objects", identity)


def catalog_epoch(path: Path) -> str:
    """Return the epoch that a catalog holds, or nothing where there is no catalog yet.

    Raises:
        CorruptObjectError: the file is no catalog.
    """
    if not path.exists():
        return ""
    connection = sqlite3.connect(path)
    try:
        row = connection.execute("SELECT epoch FROM state").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return ""
        raise PreconditionError(f"{path}: {error}; see its permissions, and that nobody has it open") from None
    except sqlite3.DatabaseError as error:
        raise CorruptObjectError(f"{path}: catalog: {error}; restore it from a backup") from None
    finally:
        connection.close()
    return str(row[0]) if row else ""


def _matching(data_dir: Path, known: Identity, cataloged: str, replaces: str) -> Identity:
    if known.epoch != cataloged:
        raise PreconditionError(
            f"data directory {data_dir}: catalog.sqlite is of epoch {cataloged}, the objects are of {known.epoch}; "
            "put the catalog of these objects there, or move it away and start with --new"
        )
    return replace(known, replaces=replaces) if replaces else known


def _holds_objects(root: Path) -> bool:
    if not root.is_dir():
        return False
    shards = (shard for shard in root.iterdir() if len(shard.name) == 2 and shard.is_dir())
    return any(parse_name(name) for shard in shards for name in os.listdir(shard))
