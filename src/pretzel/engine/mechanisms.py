"""Mechanisms of the engine that can be turned off when a plan is loaded, to measure what each brings.

A plan that is loaded without some returns the same values.  The choice is made when a plan is loaded or a program is
built: a run tests nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from pretzel.engine.fused import FusedStep
from pretzel.engine.fusion import FUSER
from pretzel.engine.workspaces import Guard, fresh, guarded
from pretzel.errors import InputError

Join = Callable[[list[FusedStep], frozenset[int]], list[FusedStep]]
OBJECTS, DERIVED, CHAINS, HEADS, FRAMES = (
    "object_sharing",
    "derived_parameters",
    "chain_fusion",
    "stacked_heads",
    "frame_pool",
)
MECHANISMS = {
    OBJECTS: "plans share parameters and kernels",
    DERIVED: "plans share parameters that the compiler derived, such as hash tables",
    CHAINS: "a text is scored in one pass, from its characters to the scores",
    HEADS: "models over the same sparse rows are multiplied together",
    FRAMES: "the memory of a run is kept for the next one",
}
"""What each does when it is on."""
OF_WORKERS = (OBJECTS, CHAINS, HEADS)
"""Those that a worker can do without: it does not know which parameters were derived, and keeps its frames."""


def checked(names: Iterable[str], known: Collection[str]) -> frozenset[str]:
    """Return the names of switches as a set.

    Raises:
        InputError: one of them is not known.
    """
    if isinstance(names, str):
        raise InputError(
            f"without: expected a sequence of names, got the text {names[:100]!r}; write ({names[:40]!r},)"
        )
    wanted = frozenset(names)
    if unknown := sorted(str(name) for name in wanted if name not in known):
        raise InputError(f"without: {unknown[0][:100]!r} is unknown; known are {', '.join(known)}")
    return wanted


@dataclass(frozen=True)
class Making:
    """The functions by which an executable builds programs, and gives each run its memory."""

    join: Join = FUSER.fuse
    guard: Guard = guarded

    @classmethod
    def without(cls, names: Collection[str]) -> Making:
        """Return the functions that do without these mechanisms."""
        options: dict[str, Any] = {
            option: {} for name, option in ((CHAINS, "chains"), (HEADS, "fusions")) if name in names
        }
        join: Join = partial(FUSER.fuse, **options) if options else FUSER.fuse
        return cls(join, fresh if FRAMES in names else guarded)


USUAL = Making()
"""With every mechanism."""
