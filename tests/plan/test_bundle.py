"""Saved definitions round-trip, and any damage to their files is detected."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import CorruptObjectError
from pretzel.plan import bundle, ops
from pretzel.plan.definition import Definition
from pretzel.plan.parameter import Parameter


def definition() -> Definition:
    x = ops.Input("été", "f64[2]")
    weights = Parameter.of(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    linear = ops.Linear(x, weights, Parameter.of(np.zeros(3)))
    labels = ops.LabelLookup(ops.ArgMax(linear), Parameter.of(["a", "b", "ç"]))
    return Definition({"predict": labels, "scores": linear}, metadata={"input_style": "matrix"})


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("saved") / "model.pretzel"
    bundle.save(path, definition())
    return path.read_bytes()


def test_round_trip(tmp_path: Path):
    bundle.save(tmp_path / "m", definition())
    assert bundle.is_bundle(tmp_path / "m")
    loaded = bundle.load(tmp_path / "m")
    assert loaded.digest == definition().digest
    assert loaded.parameters.keys() == definition().parameters.keys()
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_saving_replaces_the_file_and_a_failure_keeps_the_old_one(tmp_path: Path, monkeypatch):
    path = tmp_path / "m"
    bundle.save(path, definition())
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", lambda descriptor: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        bundle.save(path, definition())
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


@given(cut=st.integers(0, 10_000))
def test_a_truncated_file_is_rejected(saved: bytes, tmp_path_factory, cut: int):
    path = tmp_path_factory.getbasetemp() / "truncated"
    path.write_bytes(saved[: cut % len(saved)])
    with pytest.raises(CorruptObjectError):
        bundle.load(path)


def test_any_flipped_byte_is_detected(saved: bytes, tmp_path: Path):
    path = tmp_path / "flipped"
    for i in range(len(saved)):
        damaged = bytearray(saved)
        damaged[i] ^= 0x41
        path.write_bytes(damaged)
        with pytest.raises(CorruptObjectError):
            bundle.load(path)


def test_trailing_bytes_are_rejected(saved: bytes, tmp_path: Path):
    (tmp_path / "long").write_bytes(saved + bytes(64))
    with pytest.raises(CorruptObjectError, match="64 bytes follow"):
        bundle.load(tmp_path / "long")


def test_another_file_format_is_rejected(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"\x80\x05" + bytes(100))
    with pytest.raises(CorruptObjectError, match="not a saved definition"):
        bundle.load(tmp_path / "x")
