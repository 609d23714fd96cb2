"""Identity of a store: its epoch, stored next to the objects, so that no other store's catalog judges them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

from pretzel.errors import CorruptObjectError, PreconditionError, UnavailableError
from pretzel.plan.digest import Digest
from pretzel.serving.durable import replace_file
from pretzel.serving.shortage import is_shortage

FILE = "epoch"
"""Name of the file or object with the identity."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Content of the identity file."""

    epoch: str
    replaces: str = ""
    """Epoch of the store that this one replaces, as its operator declared; workers of that one follow it."""
    keeps: bool = False
    """True if unneeded objects stay, because the catalog was lost and no check has run since."""


def parse(data: bytes, place: str) -> Identity:
    """Return the identity in the content of a file.

    Raises:
        CorruptObjectError: the content is not an identity.
    """
    try:
        return Identity(**json.loads(data))
    except (ValueError, TypeError) as error:
        raise damaged(place, error) from None


def encoded(identity: Identity) -> bytes:
    """Return the content of the file of an identity."""
    return json.dumps(asdict(identity)).encode() + b"\n"


def damaged(place: str, error: Exception) -> CorruptObjectError:
    """Return the error of an identity that cannot be read."""
    return CorruptObjectError(
        f"{place}: it lacks an epoch ({error}); restore it, or remove it if the catalog is the right one"
    )


def read(root: Path) -> Identity | None:
    """Return the identity of a directory of objects; None if none was written.

    Raises:
        CorruptObjectError: the file does not hold an identity.
        UnavailableError: the machine is short of descriptors or memory.
    """
    try:
        data = (root / FILE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        if is_shortage(error):
            raise UnavailableError(f"{root / FILE}: {error}; retry in a moment") from None
        raise damaged(str(root / FILE), error) from None
    return parse(data, str(root / FILE))


def write(root: Path, identity: Identity) -> None:
    """Write an identity."""
    root.mkdir(parents=True, exist_ok=True)
    replace_file(root / FILE, encoded(identity), mode=0o644)


class Cataloged(Protocol):
    """A catalog that may not exist yet."""

    short: str
    """Its name in messages about the data directory."""

    def epoch(self) -> str:
        """Return its epoch; empty if it does not exist."""


class Identified(Protocol):
    """A store, of which this module needs three methods."""

    def identity(self) -> Identity | None:
        """Return the stored identity."""

    def identify(self, identity: Identity, previous: Identity | None) -> None:
        """Store an identity in the place of the previous one."""

    def digests(self) -> Iterator[Digest]:
        """Yield the stored objects."""


def establish(place: str, store: Identified, catalog: Cataloged, new: bool = False, replaces: str = "") -> Identity:
    """Return the identity of a store; create one if neither store nor catalog exists.

    With ``new``, also if objects lost their catalog: they are kept until a check.  ``place`` names the store in
    messages.  The identity of a store without one is that of the catalog.

    Raises:
        PreconditionError: objects or an epoch exist without a catalog, or the catalog is of another store.
        CorruptObjectError: the catalog or the stored epoch is damaged.
    """
    stored, cataloged = store.identity(), catalog.epoch()
    if cataloged:
        return _matching(place, stored or Identity(cataloged), catalog.short, cataloged, replaces)
    orphaned = stored is not None or any(True for _ in store.digests())
    if orphaned and not new:
        whose = f" of epoch {stored.epoch}" if stored else ""
        raise PreconditionError(
            f"{place}: it holds objects{whose}, but its {catalog.short} is missing or empty; "
            "restore it from a backup, or start with --new, which starts a new epoch without models and keeps "
            "the objects until `pretzel fsck --repair`"
        )
    created = Identity(uuid.uuid4().hex, replaces, orphaned)
    if orphaned:  # before the catalog of that epoch exists, so that a kill leaves a store that is rejected
        store.identify(created, stored)
    return created


def bind(store: Identified, identity: Identity) -> None:
    """Store the identity once the catalog exists; a kill before that leaves a new store, or one that is adopted.

    Raises:
        PreconditionError: a control plane of another epoch took the store meanwhile.
    """
    stored = store.identity()
    if stored is not None and stored.epoch != identity.epoch:
        raise PreconditionError(
            f"epoch {identity.epoch}: a control plane of epoch {stored.epoch} took the store meanwhile; name another "
            "store, or the catalog of that control plane"
        )
    if stored != identity:
        store.identify(identity, stored)


def _matching(place: str, known: Identity, catalog: str, cataloged: str, replaces: str) -> Identity:
    if known.epoch != cataloged:
        raise PreconditionError(
            f"{place}: {catalog} is of epoch {cataloged}, the objects are of {known.epoch}; "
            "put the catalog of these objects there, or move it away and start with --new"
        )
    return replace(known, replaces=replaces) if replaces else known
