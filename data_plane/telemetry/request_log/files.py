"""Files of bounded size and number, each written once."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO


class Files:
    """The files of one serving process in the directory of its worker."""

    def __init__(self, directory: Path, slot: int, suffix: str, most_bytes: int, most_files: int) -> None:
        """Keep the newest files only, also of earlier processes in the same slot."""
        self._directory, self._slot, self._suffix = directory, slot, suffix
        self._most_bytes, self._most_files = most_bytes, most_files

    def begin(self) -> BinaryIO:
        """Return a new file, which only its owner may read, and delete the oldest beyond the limit.

        Raises:
            OSError: the directory cannot be written.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = time.time_ns() // 1000
        while True:
            path = self._directory / f"requests-{self._slot}-{number}.{self._suffix}"
            try:
                file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")
            except FileExistsError:
                number += 1
                continue
            self._prune()
            return file

    def is_full(self, file: BinaryIO) -> bool:
        """Return whether another file is due."""
        return file.tell() >= self._most_bytes

    def _prune(self) -> None:
        found = sorted(self._directory.glob(f"requests-{self._slot}-*.{self._suffix}"), key=_number)
        for path in found[: -self._most_files]:
            path.unlink(missing_ok=True)


def _number(path: Path) -> tuple[int, str]:
    digits = path.stem.rpartition("-")[2]
    return (int(digits) if digits.isdecimal() else 0), path.name
