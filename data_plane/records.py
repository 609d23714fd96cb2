"""An immutable map of records by name, whose changes and comparisons take time in proportion to what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

SHARDS = 512
"""Parts of a map.  A change copies the parts that it touches, of about N / 512 names each, and the list of parts."""


class Records(Mapping[str, bytes]):
    """Records by name; maps that were derived from each other share the parts that are equal."""

    __slots__ = ("_count", "_shards")
    _count: int
    _shards: tuple[dict[str, bytes], ...]

    def __init__(self, records: Mapping[str, bytes] | None = None) -> None:
        """Copy a mapping; a map of this class is shared."""
        if isinstance(records, Records):
            self._shards, self._count = records._shards, records._count
            return
        shards: list[dict[str, bytes]] = [{} for _ in range(SHARDS)]
        for name, record in (records or {}).items():
            shards[hash(name) % SHARDS][name] = record
        self._shards, self._count = tuple(shards), sum(map(len, shards))

    def __getitem__(self, name: str) -> bytes:
        """Return the record of a name."""
        return self._shards[hash(name) % SHARDS][name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names, in no particular order."""
        for shard in self._shards:
            yield from shard

    def __len__(self) -> int:
        """Return the number of names."""
        return self._count

    def __eq__(self, other: object) -> bool:
        """Return whether a mapping has the same records."""
        if isinstance(other, Records):
            return self._count == other._count and self._shards == other._shards  # identical parts are not compared
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the records as a dictionary."""
        return f"Records({dict(self)!r})"

    def changed(self, records: Mapping[str, bytes], removed: Iterable[str] = ()) -> Records:
        """Return a map without the removed names and with these records."""
        touched: dict[int, dict[str, bytes]] = {}

        def shard(name: str) -> dict[str, bytes]:
            at = hash(name) % SHARDS
            if at not in touched:
                touched[at] = dict(self._shards[at])
            return touched[at]

        for name in removed:
            shard(name).pop(name, None)
        for name, record in records.items():
            shard(name)[name] = record
        return self._with(touched)

    def _with(self, touched: Mapping[int, dict[str, bytes]]) -> Records:
        shards = list(self._shards)
        count = self._count
        for at, shard in touched.items():
            count += len(shard) - len(shards[at])
            shards[at] = shard
        derived = Records.__new__(Records)
        derived._shards, derived._count = tuple(shards), count
        return derived

    def since(self, before: Records) -> tuple[dict[str, bytes], list[str]]:
        """Return the records that another map lacks or has differently, and the names that only it has."""
        changed: dict[str, bytes] = {}
        gone: list[str] = []
        for new, old in zip(self._shards, before._shards, strict=True):
            if new is not old:
                changed |= {name: record for name, record in new.items() if old.get(name) != record}
                gone += [name for name in old if name not in new]
        return changed, gone
