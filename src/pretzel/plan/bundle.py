"""Read and write one file that holds a definition and its parameters.

A header of 64 bytes (magic, the length of the definition and its SHA-256), the definition's canonical bytes with the
names of its steps, which readers of older versions pass over, and the blobs in the order in which the definition first
names them.  Each part starts at a multiple of 64, the gaps are zeros, and the file ends with the last part.  Every byte
is therefore covered by a digest or has a fixed value, and a file that is truncated, damaged or too long is rejected.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pretzel.plan.ops  # noqa: F401  (registers the operators that definitions are built from)
from pretzel.errors import CorruptObjectError
from pretzel.plan.definition import Definition, from_tree, named_tree, parameter_digests
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.plan.parameter import Parameter

MAGIC = b"PRETZDEF\x01\x00\x00\x00\x00\x00\x00\x00"
_HEADER = struct.Struct("<16sQ32s8s")
_ALIGNMENT = 64


def save(path: str | os.PathLike[str], definition: Definition) -> None:
    """Write a definition and its parameters atomically."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            for part in _parts(definition):
                file.write(part)
                file.write(bytes(-memoryview(part).nbytes % _ALIGNMENT))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike[str]) -> Definition:
    """Return the definition that :func:`save` wrote.

    Raises:
        CorruptObjectError: the file has another format, or is truncated or damaged.
        DefinitionError: a newer version wrote it, with operators that this one does not have.
    """
    data = memoryview(Path(path).read_bytes())
    if len(data) < _HEADER.size or not is_bundle(path):
        raise CorruptObjectError(f"{path}: not a saved definition; `pretzel export` writes one")
    _, length, sha, padding = _HEADER.unpack_from(data)
    if any(padding):
        raise CorruptObjectError(f"{path}: damaged header; export it again")
    reader = _Reader(os.fspath(path), data)
    tree = decode(reader.take(Digest(sha.hex(), length)))
    blobs = {digest: Parameter(reader.take(digest), digest) for digest in parameter_digests(tree)}
    reader.finish()
    return from_tree(tree, blobs)


def is_bundle(path: str | os.PathLike[str]) -> bool:
    """Return whether a file starts with the magic bytes that :func:`save` writes."""
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _parts(definition: Definition) -> Iterator[bytes | memoryview]:
    encoded = encode(named_tree(definition)) if definition.steps else definition.encoded
    yield _HEADER.pack(MAGIC, len(encoded), bytes.fromhex(Digest.of(encoded).hex), bytes(8))
    yield encoded
    for digest in parameter_digests(decode(encoded)):
        yield definition.parameters[digest].blob


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class _Reader:
    """A cursor over the file that returns each part after checking its digest."""

    def __init__(self, path: str, data: memoryview) -> None:
        self.path, self.data, self.at = path, data, _HEADER.size

    def take(self, digest: Digest) -> memoryview:
        part = self.data[self.at : self.at + digest.size]
        if Digest.of(part) != digest:
            raise CorruptObjectError(f"{self.path}: damaged or cut off at byte {self.at} ({digest}); export it again")
        self.at += digest.size
        gap = -digest.size % _ALIGNMENT
        if bytes(self.data[self.at : self.at + gap]) != bytes(gap):
            raise CorruptObjectError(f"{self.path}: damaged at byte {self.at}; export it again")
        self.at += gap
        return part

    def finish(self) -> None:
        if self.at != len(self.data):
            raise CorruptObjectError(f"{self.path}: {len(self.data) - self.at} bytes follow the last part")
