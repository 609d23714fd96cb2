"""Results of shadows: the figures that workers report, kept in the catalog and summed when they are read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import structlog
from google.protobuf.message import DecodeError

from pretzel.control_plane.catalog.shadowing import Reported, Shadows
from pretzel.errors import InputError
from pretzel.plan.shadows import ShadowFigures, summed
from pretzel.plan.wire.shadows import figures_from_proto
from pretzel.v1 import shadow_pb2 as pb

MOST_FIGURES = 1000
"""Figures that one report may have."""
MOST_BYTES = 1 << 20
"""Bytes of the figures of one shadow in a report."""
MOST_SOURCE = 100
"""Characters of a source."""
_log = structlog.get_logger(part="shadows")


class ShadowReports:
    """Takes the figures of workers, and answers what they are together.  For one event loop."""

    def __init__(self, shadows: Shadows) -> None:
        """Keep figures in a catalog."""
        self._shadows = shadows
        self._seen: dict[str, bytes] = {}
        """The last figures of each source, so that an unchanged report is not written again."""

    async def take(self, report: pb.ShadowReport) -> None:
        """Keep the figures of a worker.

        Raises:
            InputError: there are too many, or they are malformed.
            UnavailableError: the catalog cannot be written; the next report has them again.
        """
        if not report.figures:
            return
        reported = await asyncio.to_thread(_checked, report)
        seen = report.SerializeToString(deterministic=True)
        if self._seen.get(report.source) != seen:
            await asyncio.to_thread(self._shadows.report, report.source, reported)
            self._seen.pop(report.source, None)
            self._seen[report.source] = seen
            if len(self._seen) > MOST_FIGURES:
                del self._seen[next(iter(self._seen))]


def disagreement(shadows: Shadows, model: str, version: int) -> tuple[int, int]:
    """Return the rows of a version as a shadow that were compared on all workers, and those that differ."""
    found = decoded(shadows.figures_of(model, version))
    figures = [one for one in found if one.against != version]  # a version that is rolled out also answers itself
    return sum(one.rows for one in figures), sum(one.disagreeing for one in figures)


def decoded(kept: Iterable[bytes]) -> list[ShadowFigures]:
    """Return the sums of figures that a catalog keeps; what cannot be read is left out, and logged."""
    found = []
    for data in kept:
        try:
            found.append(figures_from_proto(pb.ShadowFigures.FromString(data)))
        except (DecodeError, InputError) as error:
            _log.warning("figures of a shadow cannot be read", reason=str(error))
    return summed(found)


def _checked(report: pb.ShadowReport) -> list[Reported]:
    if not 0 < len(report.source) <= MOST_SOURCE:
        raise InputError(f"shadows: a source of {len(report.source)} characters; expected 1 to {MOST_SOURCE}")
    if len(report.figures) > MOST_FIGURES:
        raise InputError(f"shadows: a report of {len(report.figures)} figures; expected at most {MOST_FIGURES}")
    return list(map(_reported, report.figures))


def _progress(message: pb.ShadowFigures) -> int:
    """Return a number that grows whenever figures do."""
    return message.calls + message.dropped + message.failures + message.rows


def _reported(message: pb.ShadowFigures) -> Reported:
    figures_from_proto(message)
    data = message.SerializeToString(deterministic=True)
    if len(data) > MOST_BYTES:
        raise InputError(f"shadow of model {message.model[:200]!r}: {len(data)} bytes; expected at most {MOST_BYTES}")
    return Reported(message.model, message.alias, message.id, message.against, _progress(message), data)
