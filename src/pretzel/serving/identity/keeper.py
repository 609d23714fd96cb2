"""Keeps the identities of a server current: the file, its secrets and keys are read again when they change."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import structlog

from pretzel.errors import PreconditionError, UnauthenticatedError, UnavailableError
from pretzel.serving.background import Background
from pretzel.serving.identity.caller import Caller
from pretzel.serving.identity.file import Identities, read_identities
from pretzel.serving.identity.recognition import Names, Recognition

log = structlog.get_logger(__name__)

CHECK_SECONDS = 1.0
"""Time between two looks at the files."""
AUTHORIZATION = "authorization"
TASK = "identities"
"""Name of the background task in metrics."""
Signature = tuple[tuple[int, int, int], ...]


class Keeper:
    """The identities of one server.  For one event loop."""

    def __init__(
        self,
        path: Path,
        worker_token: Path | None = None,
        background: Background | None = None,
        refused: Counter[str] | None = None,
    ) -> None:
        """Read the file; ``background`` hears of failures to read it again, and ``refused`` counts refused calls.

        Raises:
            PreconditionError: it, or a secret that it names, cannot be read or is invalid.
        """
        self._path, self._worker_token = Path(path), Path(worker_token) if worker_token else None
        self._background = background or Background()
        self.refused = Counter[str]() if refused is None else refused
        """Calls without an accepted credential, and calls that lack a role, by reason."""
        self.recognition: Recognition | None = None
        self._signature, self._content, self.recognition = self._read()

    def identify(self, authorization: str | None, names: Names) -> Caller:
        """Return the caller of a request by its field ``authorization`` and its certificate.

        Raises:
            UnauthenticatedError: as :meth:`Recognition.caller`.
        """
        assert self.recognition is not None
        try:
            return self.recognition.caller(authorization, names)
        except UnauthenticatedError as error:
            self.refused[error.reason] += 1
            raise

    def look(self) -> None:
        """Read the files again if they have changed.

        Raises:
            PreconditionError: they cannot be read, or are invalid; the last identities stay.
        """
        if self._present() == self._signature:
            return
        self._signature, content, recognition = self._read()
        before, self.recognition = self.recognition, recognition
        if before is not None:
            before.revoke()
        log.info("new identities are in use", identities=len(content.identity))

    async def run(self) -> None:
        """Look at the files and renew keys, until cancelled or until that fails."""
        while True:
            self.look()
            keys = self.recognition.verifier.keys if self.recognition is not None else []
            await asyncio.gather(*(asyncio.to_thread(one.renew) for one in keys if one.is_due))
            if problem := next((one.problem for one in keys if one.problem), ""):
                raise UnavailableError(problem)
            self._background.well(TASK)
            await asyncio.sleep(CHECK_SECONDS)

    async def keep(self) -> None:
        """Run as a background task."""
        await self._background.keep(TASK, self.run)

    def _read(self) -> tuple[Signature, Identities, Recognition]:
        """Read all files; what changes after its look is read again by the next one."""
        before = _state(self._path)
        self._content = content = read_identities(self._path)
        signature = self._present()
        if signature[0] != before:
            raise PreconditionError(f"identities: {self._path} is being written; it is read again in a moment")
        last = self.recognition.verifier if self.recognition is not None else None
        return signature, content, Recognition(content, self._worker_token, last, self.refused)

    def _present(self) -> Signature:
        """Return the identity of the present content of all files; a missing one is noticed when it is read."""
        own = [self._worker_token] if self._worker_token else []
        return tuple(map(_state, (self._path, *self._content.further, *own)))


def keeper_of(
    path: Path | None, background: Background, refused: Counter[str] | None = None, worker_token: Path | None = None
) -> Keeper | None:
    """Return the keeper of a file; None without one: every caller may then do everything.

    Raises:
        PreconditionError: as :class:`Keeper`.
    """
    return Keeper(path, worker_token, background, refused) if path else None


def _state(file: Path) -> tuple[int, int, int]:
    try:
        state = os.stat(file)
    except OSError:
        return (0, 0, 0)
    return state.st_mtime_ns, state.st_ino, state.st_size


def authorization_in(metadata: Iterable[tuple[str | bytes, str | bytes]]) -> str | None:
    """Return the value of the field ``authorization``; of several, none is accepted."""
    found: list[str] = []
    for key, value in metadata:
        if key in (AUTHORIZATION, b"authorization"):
            found.append(value.decode("latin-1") if isinstance(value, bytes) else value)
    return found[0] if len(found) == 1 else "several" if found else None
