"""Keeps the identities of a server current: the file, its secrets and keys are read again when they change."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from pretzel.errors import ExhaustedError, PreconditionError, UnauthenticatedError, UnavailableError
from pretzel.serving.background import Background
from pretzel.serving.identity.caller import Caller
from pretzel.serving.identity.file import Identities, read_identities
from pretzel.serving.identity.keys import Keys
from pretzel.serving.identity.limits import Limits
from pretzel.serving.identity.recognition import MeterOf, Names, Recognition, unmetered

log = structlog.get_logger(__name__)

CHECK_SECONDS = 1.0
"""Time between two looks at the files."""
AUTHORIZATION = "authorization"
FLOOD = "false_tokens"
"""Reason in metrics of calls of a host that has shown too many false tokens."""
TASK, KEYS_TASK = "identities", "identity_keys"
"""Names of the background tasks in metrics."""
Signature = tuple[tuple[int, int, int], ...]


class Keeper:
    """The identities of one server.  For one event loop."""

    def __init__(
        self,
        path: Path,
        worker_token: Path | None = None,
        background: Background | None = None,
        refused: Counter[str] | None = None,
        meter_of: MeterOf = unmetered,
    ) -> None:
        """Read the file; ``background`` hears of failures to read it again, and ``refused`` counts refused calls.

        ``meter_of`` returns the meters of callers.

        Raises:
            PreconditionError: it, or a secret that it names, cannot be read or is invalid.
        """
        self._path, self._worker_token = Path(path), Path(worker_token) if worker_token else None
        self._background, self._meter_of = background or Background(), meter_of
        self.refused = Counter[str]() if refused is None else refused
        """Calls without an accepted credential, and calls that lack a role, by reason."""
        self.on_change: Callable[[Identities, Identities], None] = lambda before, after: None
        """Called with the last content of the file and the new one, when that is in use."""
        self.recognition: Recognition | None = None
        self._signature, self._used, self.recognition = self._read()

    @property
    def limits(self) -> dict[str, Limits]:
        """Return the limits of each identity of the file, with those of all."""
        return {one.name: one.limits.over(self._used.limits) for one in self._used.identity}

    def identify(self, authorization: str | None, names: Names) -> Caller:
        """Return the caller of a request by its field ``authorization`` and its certificate.

        Raises:
            UnauthenticatedError, ExhaustedError: as :meth:`Recognition.caller`.
        """
        assert self.recognition is not None
        try:
            return self.recognition.caller(authorization, names)
        except UnauthenticatedError as error:
            self.refused[error.reason] += 1
            raise
        except ExhaustedError:
            self.refused[FLOOD] += 1
            raise

    def named(self, name: str) -> Caller:
        """Return an identity by its name, for a call that it made earlier; it shows no credential.

        Raises:
            PermissionDeniedError: there is none of this name any more.
        """
        assert self.recognition is not None
        return self.recognition.named(name)

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
        last, self._used = self._used, content
        self.on_change(last, content)

    async def renew(self) -> None:
        """Fetch the keys that are due.

        Raises:
            UnavailableError: those of an issuer cannot be fetched; its last ones stay.
        """
        keys = self.recognition.verifier.keys if self.recognition is not None else []
        due = [one for one in keys if one.is_due]
        await asyncio.gather(*map(self._renew, due))
        problem = next((one.problem for one in keys if one.problem), "")
        if problem and due:
            raise UnavailableError(problem)
        if not problem:
            self._background.well(KEYS_TASK)

    async def _renew(self, keys: Keys) -> None:
        if await keys.renewed() and self.recognition is not None:
            self.recognition.renewed()

    async def keep(self) -> None:
        """Look at the files and renew keys, as two background tasks: neither stops the other."""
        await asyncio.gather(self._background.keep(TASK, self._keep_looking), self._keep_renewing())

    async def _keep_looking(self) -> None:
        while True:
            self.look()
            self._background.well(TASK)
            await asyncio.sleep(CHECK_SECONDS)

    async def _keep_renewing(self) -> None:
        self._background.failures[KEYS_TASK] += 0
        while True:
            try:
                await self.renew()
            except Exception as error:  # no growing delays: they would hold up the keys of all other issuers
                self._background.failed(KEYS_TASK, error)
            await asyncio.sleep(CHECK_SECONDS)

    def _read(self) -> tuple[Signature, Identities, Recognition]:
        """Read all files; what changes after its look is read again by the next one."""
        before = _state(self._path)
        self._content = content = read_identities(self._path)
        signature = self._present()
        if signature[0] != before:
            raise PreconditionError(f"identities: {self._path} is being written; it is read again in a moment")
        last = self.recognition.verifier if self.recognition is not None else None
        return signature, content, Recognition(content, self._worker_token, last, self.refused, meter_of=self._meter_of)

    def _present(self) -> Signature:
        """Return the identity of the present content of all files; a missing one is noticed when it is read."""
        own = [self._worker_token] if self._worker_token else []
        return tuple(map(_state, (self._path, *self._content.further, *own)))


def keeper_of(
    path: Path | None,
    background: Background,
    refused: Counter[str] | None = None,
    worker_token: Path | None = None,
    meter_of: MeterOf = unmetered,
) -> Keeper | None:
    """Return the keeper of a file; None without one: every caller may then do everything.

    Raises:
        PreconditionError: as :class:`Keeper`.
    """
    return Keeper(path, worker_token, background, refused, meter_of) if path else None


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
