"""The files of a folder of models, and the names that they are served under."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from pretzel.data_plane.cache.disk import Stamp, stamp_of
from pretzel.errors import PreconditionError, UnavailableError

SUFFIX = ".pretzel"
MOST_NAMED = 5
_NAME = re.compile(r"\w[\w./-]{0,199}")


class ModelFile(NamedTuple):
    """A file, and its stamp when it was seen."""

    path: Path
    stamp: Stamp


class ModelFiles:
    """The exported models of a folder."""

    def __init__(self, folder: Path, name: str = "") -> None:
        """Read a folder; with a name, it must have one file, which is served under it.

        Raises:
            PreconditionError: the name is invalid.
        """
        self.folder, self._name = folder, name
        if name:
            _check(name, "model_name")

    def now(self) -> dict[str, ModelFile]:
        """Return the present files by the names of their models.

        Raises:
            UnavailableError: the folder cannot be read.
            PreconditionError: it has no models, or several for one name, or one whose name is invalid.
        """
        try:
            paths = sorted(path for path in self.folder.iterdir() if path.suffix == SUFFIX and path.name[0] != ".")
        except OSError as error:
            raise UnavailableError(f"models: cannot read {self.folder}: {error.strerror}") from None
        stamps = {path: stamp for path in paths if (stamp := stamp_of(path)) is not None}
        if not stamps or (self._name and len(stamps) != 1):
            raise PreconditionError(self._expected([path.name for path in stamps]))
        if not self._name:
            for path in stamps:
                _check(path.stem, str(path))
        return {self._name or path.stem: ModelFile(path, stamp) for path, stamp in stamps.items()}

    def _expected(self, names: list[str]) -> str:
        found = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "") or "none"
        if not self._name:
            return f"models: no file {self.folder}/*{SUFFIX}; `pretzel export` writes them"
        return (
            f"models: expected one file *{SUFFIX} in {self.folder} for model_name {self._name!r}, found {found}; "
            "leave model_name empty to serve each file under its own name"
        )


def _check(name: str, place: str) -> None:
    if not _NAME.fullmatch(name):
        raise PreconditionError(
            f"{place}: model name {name[:100]!r}: expected 1 to 200 letters, digits and _ . - /, "
            "the first a letter, digit or _"
        )
