"""The bytes of a file or of standard input: decompress, decode, and detect the format."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from pretzel.cli.tables.reading import Format
from pretzel.errors import InputError

HEAD = 1 << 16
"""Bytes to detect the format from, if the file name does not decide."""
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_PACKED: dict[re.Pattern[bytes], Callable[[Any], Any]] = {
    re.compile(rb"\x1f\x8b\x08"): lambda raw: gzip.GzipFile(fileobj=raw),
    re.compile(rb"BZh[1-9]1AY&SY"): bz2.BZ2File,
    re.compile(rb"\xfd7zXZ\x00"): lzma.LZMAFile,
}
"""Magic bytes of compressed files, and their decompressors."""
_PACKED_SUFFIXES = {".gz", ".bz2", ".xz"}
_MARKS = {b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""Byte order marks, longest first, and their encodings."""


class Source:
    """The source of rows."""

    def __init__(self, path: Path | None, raw: BinaryIO) -> None:
        self.path, self.raw = path, raw
        self.label = str(path) if path else "standard input"
        self.size = path.stat().st_size if path and path.is_file() else None
        """Bytes of the file on disk."""
        head, unpacked = _peeked(raw)
        packed = next((unpack for magic, unpack in _PACKED.items() if magic.match(head)), None)
        if packed is not None:
            head, unpacked = _peeked(packed(unpacked))
        if head.startswith(b"PK\x03\x04"):
            raise _refused(
                f"{self.label}: it is a zip archive or a workbook", "extract an archive; save a workbook as CSV (UTF-8)"
            )
        self.head = head
        """The first bytes, decompressed."""
        self.bytes = unpacked

    def position(self) -> int:
        """Return how many bytes of the file have been read."""
        return self.raw.tell() if self.size is not None else 0

    def text(self) -> TextIO:
        """Return its text with unchanged line ends."""
        encoding = next((name for mark, name in _MARKS.items() if self.head.startswith(mark)), "utf-8-sig")
        if encoding == "utf-8-sig" and b"\0" in self.head:
            raise _refused(
                f"{self.label}: it has zero bytes, and is not UTF-8 text",
                "save it as UTF-8; `iconv -f UTF-16LE -t UTF-8` converts UTF-16",
            )
        return io.TextIOWrapper(self.bytes, encoding=encoding, newline="")

    def seekable(self) -> BinaryIO:
        """Return its bytes as a seekable file; a stream is read whole."""
        if self.path and self.path.is_file() and not self._is_packed():
            self.raw.seek(0)
            return self.raw
        return io.BytesIO(self.bytes.read())

    def format(self, documents: bool) -> Format:
        """Return the format by the name, or else by the first bytes.

        Args:
            documents: True if the model takes documents, which may be lines of text.

        Raises:
            InputError: the first bytes match two formats.
        """
        suffixes = [suffix.lower() for suffix in (self.path.suffixes if self.path else [])]
        suffixes = suffixes[:-1] if suffixes and suffixes[-1] in _PACKED_SUFFIXES else suffixes
        format = _SUFFIXES.get(suffixes[-1]) if suffixes else None
        if format is not None:
            return format
        if self.head.startswith(b"PAR1"):
            return "parquet"
        lines = _whole_lines(self.head)
        if lines and _is_json(lines[0]):
            return "jsonl"
        if documents:
            return self._lines(lines)
        return "tsv" if lines and "\t" in lines[0] and "," not in lines[0] else "csv"

    def _lines(self, lines: list[str]) -> Format:
        if _may_be_table(lines):
            raise _refused(
                f"{self.label}: it may be lines of text, or a table",
                "use --format lines if each line is a document, --format csv or tsv if it is a table",
            )
        return "lines"

    def _is_packed(self) -> bool:
        self.raw.seek(0)
        head = self.raw.read(16)
        return any(magic.match(head) for magic in _PACKED)


@contextmanager
def opened(path: Path | None) -> Iterator[Source]:
    """Open a file, or standard input.

    Raises:
        InputError: it is damaged, or its text is not UTF-8 (or UTF-16 with a byte order mark).
    """
    label = path or "standard input"
    try:
        if path is None:
            yield Source(None, _standard_input())
            return
        with path.open("rb") as file:
            yield Source(path, file)
    except UnicodeDecodeError as error:
        raise _refused(
            f"{label}: it is not UTF-8 ({error.reason} at byte {error.start})",
            "save it as UTF-8; `iconv -f LATIN1 -t UTF-8` converts Latin-1",
        ) from None
    except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # an error of the file system, not of the contents
            raise
        raise _refused(
            f"{label}: it cannot be decompressed ({error})", "compress it again, or use it uncompressed"
        ) from None


def _standard_input() -> BinaryIO:
    stream = sys.stdin
    return stream.buffer if hasattr(stream, "buffer") else io.BytesIO(stream.read().encode())


def _peeked(raw: Any) -> tuple[bytes, BinaryIO]:
    """Return the first bytes, and a stream that still starts with them."""
    head = raw.read(HEAD)
    return head, io.BufferedReader(_Rejoined(head, raw), HEAD)


class _Rejoined(io.RawIOBase):
    """A stream of bytes that were already read, followed by the rest."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = memoryview(head), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._head[: len(buffer)] if self._head else self._rest.read(len(buffer))
        self._head = self._head[len(piece) :] if self._head else self._head
        buffer[: len(piece)] = piece
        return len(piece)


def _whole_lines(head: bytes) -> list[str]:
    """Return the first lines that are not blank; a truncated one only if it is alone."""
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "utf-8-sig")
    lines = head.decode(encoding, errors="ignore").splitlines()
    whole = lines[:-1] if len(head) == HEAD and len(lines) > 1 else lines
    return [line for line in whole if line.strip()]


def _is_json(line: str) -> bool:
    """Return whether a line is a JSON array or object, or starts one; ordinary text is not."""
    if line.strip() in ("{", "[", "[{"):
        return True
    try:
        return line.lstrip()[:1] in ("{", "[") and isinstance(json.loads(line), (dict, list))
    except (ValueError, RecursionError):
        return False


def _may_be_table(lines: list[str]) -> bool:
    """Return whether lines of documents look like a table: a header of one word, tabs, quotes around cells."""
    if len(lines) < 2:
        return False
    first = lines[0]
    commas = {line.count(",") for line in lines}
    return (
        is_name(first.strip())
        or all("\t" in line for line in lines)
        or any(line.startswith('"') for line in lines)
        or (len(lines) > 2 and len(commas) == 1 and commas != {0})
        or all(is_name(cell) for cell in first.split(","))
    )


def is_name(cell: str) -> bool:
    """Return whether a cell looks like a column name: one word, such as ``review_text``."""
    return bool(cell) and not cell[0].isdigit() and all(c.isalnum() or c in "_-." for c in cell)


def _refused(message: str, remedy: str) -> InputError:
    refused = InputError(message)
    refused.add_note(remedy)
    return refused
