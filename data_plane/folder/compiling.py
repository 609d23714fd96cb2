"""Compile exported files in child processes, and take their objects into the cache."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pretzel.data_plane.cache.layout import is_packed
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.errors import ExhaustedError, PreconditionError, UnavailableError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode

SECONDS = 600.0
"""Longest time to compile a file."""
MOST_HEAD = 1 << 28
PIECE = 1 << 20


class CompiledFile(NamedTuple):
    """A plan whose objects are in the cache, and what describes it."""

    plan: Digest
    definition: Digest
    parameter_bytes: int
    metadata: Mapping[str, Any]


class FileCompiler:
    """Compiles one file at a time."""

    def __init__(self, cache: ObjectCache) -> None:
        self._cache = cache
        self._turn = asyncio.Lock()
        self.bytes = 0
        """Bytes of objects that were taken."""

    async def compile(self, path: Path) -> CompiledFile:
        """Compile a file, and store the objects that the cache lacks.

        Raises:
            PreconditionError: it was not exported, is damaged, or needs another version.
            ExhaustedError: it takes too long.
            UnavailableError: the process that compiled it was killed.
            OSError: the disk of the cache is full or fails.
        """
        async with self._turn:
            process = await self._started(path)
            try:
                async with asyncio.timeout(SECONDS):
                    return await self._taken(process, path)
            except TimeoutError:
                raise ExhaustedError(f"{path}: not compiled after {SECONDS:.0f} s; deploy it elsewhere") from None
            except asyncio.IncompleteReadError:
                raise UnavailableError(f"{path}: {_end_of(await process.wait())}") from None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    async def _started(self, path: Path) -> Process:
        command = [sys.executable, "-P", "-m", "pretzel.data_plane.folder", str(path), str(os.getpid())]
        return await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, limit=PIECE)

    async def _taken(self, process: Process, path: Path) -> CompiledFile:
        """Read the answer of a child; each object is checked against its digest."""
        assert process.stdout is not None
        reader = process.stdout
        size = int.from_bytes(await reader.readexactly(8), "big")
        if size > MOST_HEAD:
            raise PreconditionError(f"{path}: its description takes {size} bytes, at most {MOST_HEAD} are read")
        head = decode(await reader.readexactly(size))
        if "error" in head:
            raise PreconditionError(_located(head["error"], path))
        for digest in map(Digest.parse, head["objects"]):
            await self._take(reader, digest)
        plan, definition = Digest.parse(head["plan"]), Digest.parse(head["definition"])
        return CompiledFile(plan, definition, head["parameter_bytes"], head["metadata"])

    async def _take(self, reader: asyncio.StreamReader, digest: Digest) -> None:
        left = digest.size
        incoming = None if self._cache.has(digest) else self._cache.receive(digest)
        try:
            while left:
                piece = await reader.readexactly(min(left, PIECE))
                left -= len(piece)
                if incoming is not None:
                    incoming.write(piece)
            if incoming is not None:
                # A large one is read back to check it, which must not hold the event loop.
                incoming.commit() if is_packed(digest) else await asyncio.to_thread(incoming.commit)
                self.bytes += digest.size
        finally:
            if incoming is not None:
                incoming.close()


def _located(error: str, path: Path) -> str:
    return error if str(path) in error else f"{path}: {error}"


def _end_of(code: int) -> str:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"the process that compiled it {how}; is there enough memory?"
