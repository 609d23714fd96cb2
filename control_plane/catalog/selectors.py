"""Selections of models by what was written on them."""

from __future__ import annotations

from dataclasses import dataclass

from pretzel.control_plane.catalog.labels import check_owner
from pretzel.errors import InputError
from pretzel.plan.selectors import Requirement, parse

MOST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """Models, or versions of models, by what was written on them; all parts must hold."""

    labels: tuple[Requirement, ...] = ()
    owner: str = ""
    text: str = ""
    versions: bool = False
    """The parts must hold of one version instead of the model."""

    @classmethod
    def of(cls, labels: str = "", owner: str = "", text: str = "", versions: bool = False) -> Selection:
        """Parse and check the parts of a selection.

        Raises:
            InputError: a part is malformed or too long.
        """
        check_owner(owner)
        if len(text) > MOST_TEXT:
            raise InputError(f"search: {len(text):,} characters; at most {MOST_TEXT} are accepted; shorten it")
        return cls(parse(labels), owner, text, versions)

    def __bool__(self) -> bool:
        return bool(self.labels or self.owner or self.text)


EVERYTHING = Selection()
"""The selection of all models."""
