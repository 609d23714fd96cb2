"""Plans round-trip through their bytes, references point backwards, and fingerprints identify values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.errors import CorruptObjectError, DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode, encode
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Plan, PlanInput, PlanOutput, Stage, input_fingerprint, stage_fingerprint
from pretzel.plan.types import dense

W = Parameter.of(np.array([1.0, 2.0]))
BIG = Digest("ab" * 32, 5000)
STAGE = Stage("linear", "linear.dense", {"k": 1, "tuple": (1, 2)}, {"weights": W.digest}, (0,), dense("f64"), "f0")
PLAN = Plan(
    "1",
    (PlanInput("x", dense("f64", 2)),),
    (STAGE, replace(STAGE, inputs=(1,), parameters={"weights": BIG}, fingerprint="f1")),
    (PlanOutput("y", 2), PlanOutput("label", 1, BIG)),
    {"estimator": "Ridge"},
    {W.digest: bytes(W.blob)},
)


def test_a_plan_round_trips_through_its_bytes() -> None:
    back = Plan.from_encoded(PLAN.encoded)
    assert back.encoded == PLAN.encoded and back.digest == PLAN.digest
    assert back.inputs == PLAN.inputs and back.outputs == PLAN.outputs and dict(back.inline) == dict(PLAN.inline)


def test_sizes_round_trip_and_absent_ones_keep_the_digest() -> None:
    sized = replace(PLAN, room=(16, 0))
    assert Plan.from_encoded(sized.encoded).room == (16, 0)
    assert "room" not in decode(PLAN.encoded) and sized.digest != PLAN.digest


@pytest.mark.parametrize("room", [[1], [1, -1], [1, "2"], [1, True], 5])
def test_invalid_sizes_are_rejected(room: object) -> None:
    with pytest.raises((CorruptObjectError, DefinitionError), match="plan: "):
        Plan.from_encoded(encode(decode(PLAN.encoded) | {"room": room}))


def test_objects_are_the_parameters_that_are_not_inline() -> None:
    assert list(PLAN.objects) == [BIG]
    assert PLAN.parameter_bytes == BIG.size + W.nbytes
    assert PLAN.type_of(0) == dense("f64", 2) and PLAN.type_of(2) == dense("f64")


@pytest.mark.parametrize("inputs", [(1,), (2,), (-1,), (0, 7)])
def test_a_stage_that_reads_ahead_is_rejected(inputs: tuple[int, ...]) -> None:
    with pytest.raises(DefinitionError, match="plan stage 0"):
        replace(PLAN, stages=(replace(STAGE, inputs=inputs),), outputs=())


@pytest.mark.parametrize("slot", [-1, 3])
def test_an_output_of_an_unknown_slot_is_rejected(slot: int) -> None:
    with pytest.raises(DefinitionError, match="plan output 'y'"):
        replace(PLAN, outputs=(PlanOutput("y", slot),))


@pytest.mark.parametrize("slot", [0.0, False, "0", None, -1])
def test_slots_must_be_whole_numbers(slot: object) -> None:
    tree = decode(PLAN.encoded)
    for name, value in (("outputs", [["y", slot, None]]), ("stages", [tree["stages"][0] | {"inputs": [slot]}])):
        with pytest.raises((CorruptObjectError, DefinitionError), match="plan: malformed.*whole number"):
            Plan.from_encoded(encode(tree | {name: value}))


def test_an_inline_blob_that_does_not_match_is_rejected() -> None:
    tree = decode(PLAN.encoded)
    tree["inline"][str(W.digest)] = bytes(W.blob)[:-1] + b"\0"
    with pytest.raises(CorruptObjectError, match="does not match"):
        Plan.from_encoded(encode(tree))


def test_a_fingerprint_covers_everything_that_determines_the_value() -> None:
    x = input_fingerprint("x", dense("f64", 2))
    base = stage_fingerprint("k", {"a": 1}, {"w": W.digest}, [x], dense("f64"))
    assert base == stage_fingerprint("k", {"a": 1}, {"w": W.digest}, [x], dense("f64"))
    others = [
        stage_fingerprint("k2", {"a": 1}, {"w": W.digest}, [x], dense("f64")),
        stage_fingerprint("k", {"a": 1.0}, {"w": W.digest}, [x], dense("f64")),
        stage_fingerprint("k", {"a": 1}, {"w": BIG}, [x], dense("f64")),
        stage_fingerprint("k", {"a": 1}, {"v": W.digest}, [x], dense("f64")),
        stage_fingerprint("k", {"a": 1}, {"w": W.digest}, [x, x], dense("f64")),
        stage_fingerprint("k", {"a": 1}, {"w": W.digest}, [x], dense("f32")),
        input_fingerprint("x", dense("f64")),
        input_fingerprint("z", dense("f64", 2)),
    ]
    assert len({base, x, *others}) == 10


@given(st.data())
def test_no_bytes_break_the_reader(data: st.DataObject) -> None:
    encoded = bytearray(PLAN.encoded)
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        plan = Plan.from_encoded(bytes(encoded))
    except (CorruptObjectError, DefinitionError):
        return
    assert plan.encoded == bytes(encoded)


@given(st.dictionaries(st.sampled_from(["kernel_set", "inputs", "stages", "outputs", "inline", "metadata"]), st.none()))
def test_a_plan_with_an_invalid_field_is_rejected(changes: dict[str, None]) -> None:
    tree = decode(PLAN.encoded)
    for wrong in (None, 7, "text", [1], [[1]], {"a": 1}, [{"operator": 3}]):
        try:
            plan = Plan.from_encoded(encode(tree | dict.fromkeys(changes, wrong)))
        except (CorruptObjectError, DefinitionError):
            continue
        assert plan.encoded == encode(tree | dict.fromkeys(changes, wrong))
