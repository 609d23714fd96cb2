"""The source of a worker's models by its settings: a control plane, or a folder of files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Protocol

from pretzel.data_plane.folder.files import ModelFiles
from pretzel.data_plane.folder.origin import Folder
from pretzel.data_plane.pull.channel import connect
from pretzel.data_plane.pull.direct import Rules
from pretzel.data_plane.pull.origin import ControlPlane, Origin
from pretzel.data_plane.pull.report import Placed, Reporter
from pretzel.data_plane.settings import Settings
from pretzel.targets import Bearer


class Reporting(Protocol):
    """Reports what this worker serves."""

    on_placement: Placed
    """Called with each new placement of this worker."""

    def now(self) -> None:
        """Report at once: something changed."""

    async def run(self) -> None:
        """Report until cancelled."""

    async def leave(self) -> None:
        """Deregister this worker."""


class Unreported:
    """Reports nothing: a folder does not ask."""

    on_placement: Placed = staticmethod(lambda mark, warm, pinned: None)

    def now(self) -> None:
        """Do nothing."""

    async def run(self) -> None:
        """Wait until cancelled."""
        await asyncio.Event().wait()

    async def leave(self) -> None:
        """Do nothing."""


class Source(NamedTuple):
    """The origin of models, and the receiver of reports of what is served."""

    origin: Origin
    reporter: Reporting
    close: Callable[[], Awaitable[None]]


def source_of(settings: Settings, worker: str, facts: Callable[[], dict[str, Any]]) -> Source:
    """Return the source of a worker.

    Raises:
        PreconditionError: a setting of it is invalid.
    """
    if settings.models is not None:
        silent = Unreported()
        return Source(Folder(ModelFiles(settings.models, settings.model_name)), silent, silent.leave)
    token = settings.control_token_file
    bearer = Bearer(file=token) if token is not None else None
    channel = connect(settings.control_plane, settings.control_tls, bearer, settings.insecure_token)
    rules = Rules(settings.direct_fetch, settings.direct_hosts, settings.direct_ca)
    rules.pool().clear()  # so that authorities that cannot be read are reported now
    return Source(
        ControlPlane(channel, worker, rules, settings.labels_by_key),
        Reporter(channel, facts, settings.report_seconds),
        channel.close,
    )
