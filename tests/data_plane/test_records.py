"""The map of records: it behaves as a dictionary that is copied at each change."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane import records
from pretzel.data_plane.records import Records

CONTENT = st.dictionaries(st.text("ab", max_size=3), st.binary(max_size=1))


@given(before=CONTENT, new=CONTENT, removed=st.sets(st.text("ab", max_size=3)))
def test_a_change_is_that_of_a_dictionary(before: dict[str, bytes], new: dict[str, bytes], removed: set[str]):
    old = Records(before)
    after = old.changed(new, removed)
    wanted = {name: record for name, record in before.items() if name not in removed} | new
    assert (after, len(after), old) == (wanted, len(wanted), before)
    assert all(after[name] == record for name, record in wanted.items())


@given(before=CONTENT, after=CONTENT)
def test_the_difference_leads_from_one_map_to_the_other(before: dict[str, bytes], after: dict[str, bytes]):
    old, new = Records(before), Records(after)
    changed, gone = new.since(old)
    assert (old.changed(changed, gone), set(gone)) == (new, before.keys() - after.keys())
    assert all(before.get(name) != record for name, record in changed.items())
    assert (old == new) == (before == after)


def test_a_change_copies_one_part_of_many():
    many = Records({f"model-{i}": b"" for i in range(10_000)})
    after = many.changed({"model-7": b"new"})
    copied = [a for a, b in zip(after._shards, many._shards, strict=True) if a is not b]
    assert len(copied) == 1
    assert len(copied[0]) < 5 * 10_000 / records.SHARDS
    assert after.since(many) == ({"model-7": b"new"}, [])
