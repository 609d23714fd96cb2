"""Lists of models that are called together: routes, their joint program, and models whose outputs are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pretzel.data_plane.measure.branches import Branch
from pretzel.data_plane.residency.entry import Entry
from pretzel.data_plane.residency.merged_plans import JointCatalog
from pretzel.data_plane.residency.routes import Route, Router
from pretzel.data_plane.scheduling.cost import Cost
from pretzel.data_plane.shadow.copies import Copier
from pretzel.data_plane.shadow.many import copiers_of
from pretzel.data_plane.traffic.fork import Fork, picked
from pretzel.data_plane.traffic.origin import Origin
from pretzel.data_plane.transport.parts import number_field, text_field, varint
from pretzel.engine import Executable
from pretzel.errors import PretzelError
from pretzel.plan.digest import Digest

MOST_OUTPUTS = 4_000
"""Outputs of one list: each takes about 4 us to prepare, and the event loop waits."""
MODEL, VERSION = 1, 2
"""Fields of a response."""
MODELS, VERSIONS = 1, 2
"""Fields of a block."""

Signature = tuple[bytes, bytes] | None
"""The constant parts of an output's column; None if it cannot be in a block."""


@dataclass
class Listed:
    """A list of models with one program."""

    executable: Executable
    cost: Cost
    entries: list[Entry]
    """The distinct plans, in the order of the program's outputs."""
    outputs: list[str] = field(default_factory=list)
    """Names in the program, and those in a response."""
    shown: list[str] = field(default_factory=list)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    """For each model of the list, the range of its outputs."""
    heads: list[bytes] = field(default_factory=list)
    """For each model, the constant start of its response, and its version."""
    versions: list[int] = field(default_factory=list)

    references: frozenset[str] = frozenset()
    """The names of models in the list."""

    figures: tuple[Branch, ...] = ()
    """Count the calls of the branches among its models."""

    copiers: tuple[tuple[int, Copier], ...] = ()
    """Positions of models with shadows, and what copies their calls."""

    @property
    def plans(self) -> frozenset[Digest]:
        """The plans that the program runs."""
        return frozenset(entry.digest for entry in self.entries)

    def grouped(self, signatures: Sequence[Signature]) -> tuple[list[list[int]], list[int]]:
        """Return groups of models with outputs alike, and the remaining ones."""
        groups: dict[tuple[Signature, ...], list[int]] = {}
        for i, (first, last) in enumerate(self.ranges):
            groups.setdefault(tuple(signatures[first:last]), []).append(i)
        blocks = [group for key, group in groups.items() if len(group) > 1 and None not in key]
        inside = {i for group in blocks for i in group}
        return blocks, [i for i in range(len(self.ranges)) if i not in inside]


def forks_of(router: Router, names: Sequence[bytes]) -> tuple[Fork, ...]:
    """Return the forks of the split aliases in a list of at most that many known models."""
    try:
        routes = [router.find(name.decode()) for name in names[:MOST_OUTPUTS]]
    except (PretzelError, UnicodeDecodeError):
        return ()
    return tuple(route.fork for route in routes if route.fork is not None)


def listed(
    router: Router,
    joint: JointCatalog,
    names: Sequence[bytes],
    outputs: Sequence[bytes],
    origin: Origin | None = None,
) -> Listed | None:
    """Return a list of models that are resident and have run together, or None.

    ``origin`` is the call, by which the branches of split aliases are chosen.
    """
    try:
        if len(names) > MOST_OUTPUTS:
            return None
        references = [name.decode() for name in names]
        routes = [picked(router.find(reference), origin) for reference in references]
        wanted = tuple(dict.fromkeys(name.decode() for name in outputs))
    except (PretzelError, UnicodeDecodeError):
        return None
    entries = list(dict.fromkeys(route.entry for route in routes))
    if len(entries) < 2 or not _are_alike(entries, wanted):
        return None
    together = joint.peek(entries, wanted)
    if together is None:
        return None
    figures = tuple(route.figures for route in routes if route.figures is not None)
    made = Listed(*together, entries, references=frozenset(references), figures=figures, copiers=copiers_of(routes))
    return _filled(made, routes, wanted)


def _are_alike(entries: Sequence[Entry], outputs: tuple[str, ...]) -> bool:
    """Return whether all plans are resident, take the same inputs, and have these outputs, not too many together."""
    inputs, count = set(), 0
    for entry in entries:
        if entry.executable is None or not entry.executable.outputs.keys() >= set(outputs):
            return False
        inputs.add(frozenset((item.name, str(item.type)) for item in entry.executable.inputs))
        count += len(outputs or entry.executable.usual)
    return len(inputs) == 1 and count <= MOST_OUTPUTS


def _filled(made: Listed, routes: Sequence[Route], outputs: tuple[str, ...]) -> Listed:
    ranges: dict[Entry, tuple[int, int]] = {}
    for i, entry in enumerate(made.entries):
        assert entry.executable is not None
        names = outputs or entry.executable.usual
        ranges[entry] = len(made.shown), len(made.shown) + len(names)
        made.shown += names
        made.outputs += [f"{i}/{name}" for name in names]
    for route in routes:
        version = route.version
        made.ranges.append(ranges[route.entry])
        made.versions.append(version.version)
        made.heads.append(text_field(MODEL, version.model.encode()) + number_field(VERSION, version.version))
    return made


def head_of_block(models: Sequence[int], versions: Sequence[int]) -> bytes:
    """Return the fields of a block that do not depend on the rows: positions and versions, packed."""
    positions, numbers = (b"".join(map(varint, values)) for values in (models, versions))
    return text_field(MODELS, positions) + text_field(VERSIONS, numbers)
