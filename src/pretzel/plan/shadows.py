"""Results of shadow versions: figures of one process, of one worker, or of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from pretzel.plan.drift import Distribution
from pretzel.plan.model import Shadow

MOST_EXAMPLES = 5
"""Examples that are kept of a shadow and a version."""


@dataclass(frozen=True, slots=True)
class ShadowExample:
    """A row whose answers differ, as text."""

    output: str
    row: int
    """The row in its call, from 0."""
    got: str
    """The answer of the shadow."""
    want: str
    """The answer that was given."""
    inputs: str = ""


@dataclass(slots=True)
class OutputFigures:
    """Results of one output."""

    rows: int = 0
    disagreeing: int = 0
    largest_difference: float = 0.0
    """The largest ``|shadow - given| / |given|``; infinite where only one of them is finite, or only ``given`` is 0."""
    only_given: int = 0
    """Rows for which only the version that answered has this output."""
    only_shadow: int = 0
    distributions: list[Distribution] = field(default_factory=list)
    """Of the first columns, if the output is floats."""

    def add(self, other: OutputFigures) -> None:
        """Add the figures of other rows."""
        self.rows += other.rows
        self.disagreeing += other.disagreeing
        self.largest_difference = max(self.largest_difference, other.largest_difference)
        self.only_given += other.only_given
        self.only_shadow += other.only_shadow
        for place, distribution in enumerate(other.distributions):
            if place == len(self.distributions):
                self.distributions.append(Distribution(distribution.bins))
            if self.distributions[place].bins == distribution.bins:
                self.distributions[place].add(distribution)

    @property
    def drift(self) -> float:
        """The largest Kolmogorov-Smirnov distance of a column; 0 without distributions."""
        return max((one.ks for one in self.distributions), default=0.0)

    @property
    def psi(self) -> float:
        """The largest population stability index of a column; 0 without distributions."""
        return max((one.psi for one in self.distributions), default=0.0)


@dataclass(slots=True)
class ShadowFigures:
    """The figures of one shadow, compared with one version that gave the answers."""

    model: str
    alias: str
    version: int
    """The shadow."""
    id: int
    against: int
    """The version that gave the answers."""
    calls: int = 0
    """Calls that were drawn for the shadow."""
    dropped: int = 0
    """Copies that were dropped, because too many waited or the shadow had ended."""
    failures: int = 0
    """Copies that the shadow did not answer, or whose answers could not be compared."""
    last_failure: str = ""
    rows: int = 0
    """Rows whose answers were compared."""
    disagreeing: int = 0
    """Rows that differ in some output."""
    outputs: dict[str, OutputFigures] = field(default_factory=dict)
    examples: list[ShadowExample] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, int, int, int]:
        """Model, alias, shadow, its id, and the version that gave the answers."""
        return self.model, self.alias, self.version, self.id, self.against

    def empty(self) -> ShadowFigures:
        """Return figures of the same versions without counts."""
        return ShadowFigures(*self.key)

    def add(self, other: ShadowFigures) -> None:
        """Add the figures of other calls."""
        for name in ("calls", "dropped", "failures", "rows", "disagreeing"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.last_failure = other.last_failure or self.last_failure
        for name, output in other.outputs.items():
            self.outputs.setdefault(name, OutputFigures()).add(output)
        self.examples = [*self.examples, *other.examples][:MOST_EXAMPLES]


def summed(figures: list[ShadowFigures]) -> list[ShadowFigures]:
    """Return the sums of figures, one for each key, in order."""
    sums: dict[tuple[str, str, int, int, int], ShadowFigures] = {}
    for one in figures:
        sums.setdefault(one.key, one.empty()).add(one)
    return [sums[key] for key in sorted(sums)]


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """A shadow, and its figures for each version that gave answers."""

    shadow: Shadow
    figures: tuple[ShadowFigures, ...]

    @property
    def rows(self) -> int:
        """Rows whose answers were compared."""
        return sum(one.rows for one in self.figures)

    @property
    def disagreeing(self) -> int:
        """Rows that differ in some output."""
        return sum(one.disagreeing for one in self.figures)
