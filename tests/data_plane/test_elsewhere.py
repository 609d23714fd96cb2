"""Models that only other workers serve: what a worker keeps of them, also across restarts with other labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.catalog import Catalog, decode_model, elsewhere, encode_model, plans_of
from pretzel.data_plane.pull.elsewhere import resumable, trimmed
from pretzel.data_plane.settings import Settings
from pretzel.plan.digest import Digest
from pretzel.plan.hints import Hints
from pretzel.plan.model import Model, ModelVersion
from pretzel.plan.selectors import matches, parse

PLAN = Digest.of(b"plan")


def model(name: str, workers: str = "") -> Model:
    return Model(name, (ModelVersion(name, 1, PLAN, PLAN),), {"stable": 1}, hints=Hints(workers=workers))


def test_a_model_of_other_workers_keeps_its_name_and_selector_only():
    record = encode_model(trimmed(model("m", "tier=fast"), {"tier": "slow"}))
    assert plans_of(record) == []
    kept = decode_model(record)
    assert (kept.versions, kept.aliases, kept.hints.workers) == ((), {}, "tier=fast")
    assert "only workers with the labels 'tier=fast'" in elsewhere(kept)
    own = decode_model(encode_model(trimmed(model("m", "tier=fast"), {"tier": "fast"})))
    assert (own.versions, elsewhere(own)) == (model("m").versions, "")
    assert not Catalog(records={"m": encode_model(own)}).is_elsewhere("m")
    assert Catalog(records={"m": record}).is_elsewhere("m")


@pytest.mark.parametrize(
    ("before", "after", "follows"), [("fast", "fast", 7), ("fast", "slow", 0), ("slow", "fast", 0)]
)
def test_a_worker_with_other_labels_asks_for_the_whole_catalog(before: str, after: str, follows: int):
    models = [model("all"), model("some", "tier=fast")]
    records = {one.name: encode_model(trimmed(one, {"tier": before})) for one in models}
    found = resumable(Catalog("epoch", 7, records), {"tier": after})
    assert (found.epoch, found.revision, dict(found.records)) == ("epoch", follows, records)


def test_a_selector_that_cannot_be_read_admits_no_worker():
    assert not Hints(workers="a ~ b").admit({"a": "b"})
    assert Hints().admit({})


@given(st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "y", ""])))
def test_requirements_hold_as_in_kubernetes(labels: dict[str, str]):
    expected = {
        "a=x": labels.get("a") == "x",
        "a!=x": labels.get("a") != "x",
        "a": "a" in labels,
        "!a": "a" not in labels,
        "b in (x, y)": labels.get("b") in ("x", "y"),
        "b notin (x)": labels.get("b") != "x",
        "a,c": "a" in labels and "c" in labels,
    }
    assert {text: matches(parse(text), labels) for text in expected} == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [("tier", "expected key=value"), ("a=1,a=2", "given twice"), ("a b=1", "label key"), ("a=-", "value")],
)
def test_invalid_labels_of_a_worker(given: str, message: str):
    with pytest.raises(ValueError, match=message):
        Settings(labels=given)
    assert Settings(labels="tier=fast,zone=").labels_by_key == {"tier": "fast", "zone": ""}
