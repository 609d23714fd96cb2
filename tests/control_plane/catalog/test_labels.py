"""Labels, owners and notes: what is kept, what is found by them, what is refused, and what goes with a model."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from pretzel.control_plane.catalog import Catalog, Marking, Selection
from pretzel.control_plane.catalog.marking import mark
from pretzel.errors import InputError, NotFoundError, PreconditionError
from pretzel.plan.model import Model
from pretzel.plan.selectors import Requirement, parse
from tests.control_plane.catalog.releases import deploy, release
from tests.control_plane.conftest import Databases


def marked(catalog: Catalog, text: str, owner: str | None = None, note: str | None = None, **labels: str) -> Model:
    return catalog.labels.mark(text, Marking(labels, (), owner, note))


def names(catalog: Catalog, labels: str = "", prefix: str = "", size: int = 2, **parts: Any) -> list[str]:
    """Return the selected names, read in pages."""
    selection, found, last = Selection.of(labels, **parts), [], ""
    while True:
        models, last = catalog.page(prefix, last, size, selection)
        found += [model.name for model in models]
        if not last:
            assert [model.name for model in catalog.models(prefix, selection)] == found
            return found


def test_labels_are_merged_and_removed(catalog: Catalog):
    deploy(catalog)
    model = marked(catalog, "m", owner="Ana", team="ads", tier="gold")
    assert (model.labels, model.owner, model.note) == ({"team": "ads", "tier": "gold"}, "Ana", "")
    changed = catalog.labels.mark("m", Marking({"team": "feed"}, ("tier", "absent"), note="two\nlines"))
    assert (changed.labels, changed.owner, changed.note) == ({"team": "feed"}, "Ana", "two\nlines")
    assert catalog.model("m") == changed == catalog.models()[0] == catalog.resolve("m")[0]
    empty = catalog.labels.mark("m", Marking({}, ("team",), "", ""))
    assert (empty.labels, empty.owner, empty.note) == ({}, "", "")


def test_versions_have_labels_of_their_own(catalog: Catalog):
    for seed in (1, 2):
        deploy(catalog, seed=seed)
    marked(catalog, "m@1", note="first", stage="old")
    model = marked(catalog, "m:stable", owner="Bo", stage="new")
    assert model.labels == {}
    assert [(one.labels, one.owner, one.note) for one in model.versions] == [
        ({"stage": "old"}, "", "first"),
        ({"stage": "new"}, "Bo", ""),
    ]
    assert catalog.resolve("m@2")[1] == model.versions[1]


def test_labels_change_nothing_that_workers_see(catalog: Catalog):
    deploy(catalog)
    before, woken = catalog.current(), []
    catalog.on_change = lambda: woken.append(1)
    marked(catalog, "m", team="ads")
    assert (catalog.current(), woken) == (before, [])
    (seen,) = catalog.changes("", 0).models
    assert seen.labels == {}


def test_a_deployment_labels_the_model_and_its_version(catalog: Catalog):
    of_model, of_version = Marking({"team": "ads"}, owner="Ana"), Marking({"run": "7"}, note="retrained")
    one = release(1)
    both = type(one)(one.plan, one.definition, 100, one.holdings, {}, of_model, of_version)
    version, _ = catalog.publish("m", both, "stable")
    assert (version.labels, version.note) == ({"run": "7"}, "retrained")
    again = type(one)(one.plan, one.definition, 100, one.holdings, {}, Marking(), Marking({"run": "8"}))
    assert catalog.publish("m", again, "stable")[0].labels == {"run": "8"}
    model = catalog.model("m")
    assert (model.labels, model.owner, model.versions[0].note) == ({"team": "ads"}, "Ana", "retrained")


@pytest.mark.parametrize(
    ("text", "marking", "kind", "problem"),
    [
        ("m", Marking(), InputError, "m: nothing to change; give a label, an owner or a note"),
        ("m", Marking({"": "x"}), InputError, "label key '': expected 1 to 63"),
        ("m", Marking({"a" * 64: "x"}), InputError, "label key 'a+': expected 1 to 63"),
        ("m", Marking({"a b": "x"}), InputError, "label key 'a b': expected 1 to 63"),
        ("m", Marking({"a\n": "x"}), InputError, "label key 'a.n': expected 1 to 63"),
        ("m", Marking({"/a": "x"}), InputError, "label key '/a': expected a DNS name"),
        ("m", Marking({"a..b/c": "x"}), InputError, "label key 'a..b/c': expected a DNS name"),
        ("m", Marking({f"{'a' * 254}/c": "x"}), InputError, "expected a DNS name of at most 253"),
        ("m", Marking({"a": "x" * 64}), InputError, "label 'a': value 'x+': expected at most 63"),
        ("m", Marking({"a": "ü"}), InputError, "label 'a': value 'ü': expected at most 63"),
        ("m", Marking({}, ("b c",)), InputError, "label key 'b c': expected 1 to 63"),
        ("m", Marking({"a": "x"}, ("a",)), InputError, "label 'a': it is both set and removed"),
        ("m", Marking({f"k{i}": "" for i in range(65)}), InputError, "labels: 65 were given; at most 64"),
        ("m", Marking(owner="x" * 201), InputError, "owner: 201 characters; at most 200"),
        ("m", Marking(owner=" x"), InputError, "owner ' x': it begins or ends with white space"),
        ("m", Marking(owner="a\x1b[31m"), InputError, r"owner 'a.x1b.31m': it has '.x1b' at 1; expected one line"),
        ("m", Marking(note="x" * 4097), InputError, "note: 4,097 characters; at most 4,096"),
        ("m", Marking(note="a\x00"), InputError, r"note 'a.x00': it has '.x00' at 1; expected text without control"),
        ("absent", Marking({"a": "x"}), NotFoundError, "model 'absent' is not deployed"),
        ("m@7", Marking({"a": "x"}), NotFoundError, "model 'm' has no version 7; it has: 1"),
        ("m:blue", Marking({"a": "x"}), NotFoundError, "model 'm' has no alias 'blue'; it has: stable"),
    ],
)
def test_what_is_refused(catalog: Catalog, text: str, marking: Marking, kind: type[Exception], problem: str):
    deploy(catalog)
    with pytest.raises(kind, match=problem):
        catalog.labels.mark(text, marking)
    assert catalog.model("m").labels == {}


def test_labels_are_bounded_over_several_calls(catalog: Catalog):
    deploy(catalog)
    marked(catalog, "m", **{f"k{i}": "" for i in range(64)})
    marked(catalog, "m", k0="again")
    with pytest.raises(PreconditionError, match="model 'm' would have 65 labels; at most 64 are kept; remove some"):
        marked(catalog, "m", more="x")
    assert len(catalog.model("m").labels) == 64


def test_what_is_deleted_takes_its_labels_along(catalog: Catalog):
    for seed in (1, 2):
        deploy(catalog, seed=seed)
    for text in ("m", "m@1", "m@2"):
        marked(catalog, text, owner="Ana", a="1")
    catalog.delete("m@1")
    assert names(catalog, "a=1", versions=True) == ["m"]
    catalog.delete("m@2", force=True)
    assert names(catalog, owner="Ana") == names(catalog, "a=1", versions=True) == []
    deploy(catalog)
    assert catalog.model("m").labels == catalog.model("m").versions[0].labels == {}


LABELS = st.dictionaries(st.sampled_from(["team", "tier", "run"]), st.sampled_from(["ads", "feed", ""]), max_size=3)
OWNERS = st.sampled_from(["", "Ana", "Bo"])
SELECTORS = st.lists(
    st.sampled_from(
        ["team", "!team", "team=ads", "tier!=ads", "run=", "team in (ads, feed)", "tier notin (feed,)", "!run", "tier"]
    ),
    max_size=3,
    unique=True,
).map(",".join)


def holds(requirement: Requirement, labels: dict[str, str]) -> bool:
    """Kubernetes' rule: != and notin also hold without the label."""
    found = requirement.key in labels and (requirement.values is None or labels[requirement.key] in requirement.values)
    return found != requirement.negated


@pytest.fixture(scope="module")
def twelve(databases: Databases) -> Catalog:
    created = Catalog(databases.new())
    for i in range(12):
        deploy(created, f"{'ab'[i % 2]}/{i}", seed=1)
        deploy(created, f"{'ab'[i % 2]}/{i}", seed=2)
    return created


@settings(max_examples=15)
@given(
    written=st.lists(st.tuples(LABELS, OWNERS), min_size=36, max_size=36),
    asked=st.lists(
        st.tuples(SELECTORS, OWNERS, st.sampled_from(["", "a/", "B/", "/3"]), st.booleans()), min_size=4, max_size=6
    ),
)
def test_selections_find_what_the_rules_say(twelve: Catalog, written: list[Any], asked: list[Any]):
    keys = ("team", "tier", "run")
    listed = twelve.models()
    on = dict(zip([(model.name, version) for model in listed for version in (0, 1, 2)], written, strict=True))
    with twelve.database.write(durable=False) as connection:
        for (name, version), (labels, owner) in on.items():
            mark(connection, name, version, Marking(labels, tuple({*keys} - {*labels}), owner))
    for selector, owner, search, of_versions in asked:
        wanted = []
        for model in listed:
            subjects = [on[model.name, number] for number in ((1, 2) if of_versions else (0,))]
            if any(
                all(holds(r, labels) for r in parse(selector))
                and owner in ("", own)
                and search.lower() in f"{model.name}\n{own}\n{labels}".lower()
                for labels, own in subjects
            ):
                wanted.append(model.name)
        assert names(twelve, selector, owner=owner, text=search, versions=of_versions) == wanted


def test_text_is_found_in_every_place_and_case(catalog: Catalog):
    for name in ("churn", "Über/x", "other"):
        deploy(catalog, name)
    marked(catalog, "other", owner="Ana Çelik", note="From the JANUARY run", team="ads")
    for text, found in {
        "CHU": ["churn"],
        "über": ["Über/x"],
        "çelik": ["other"],
        "january run": ["other"],
        "team=AD": ["other"],
        "%": [],
        "_": [],
    }.items():
        assert names(catalog, text=text) == found, text


def test_a_prefix_bounds_a_selection(catalog: Catalog):
    for name in ("a", "a/b", "aB", "b"):
        deploy(catalog, name)
        marked(catalog, name, team="ads")
    assert names(catalog, "team=ads", prefix="a") == ["a", "a/b", "aB"]
    assert names(catalog, "team", prefix="a/") == ["a/b"]
    assert names(catalog, "team in (ads,x),!tier", prefix="b") == ["b"]


def test_deletion_of_a_selection_is_all_or_nothing(catalog: Catalog):
    for name in ("a", "b", "c"):
        deploy(catalog, name)
        marked(catalog, name, team="ads" if name != "c" else "feed")
    selection, woken = Selection.of("team=ads"), []
    catalog.on_change = lambda: woken.append(1)
    assert catalog.labels.delete("", selection, True) == ["a", "b"]
    with pytest.raises(PreconditionError, match=r"1 more are selected \(b\); list and confirm again"):
        catalog.labels.delete("", selection, False, ["a"])
    with pytest.raises(PreconditionError, match=r"1 more are selected \(b\) and 1 are selected no longer \(z\)"):
        catalog.labels.delete("", selection, False, ["a", "z"])
    assert (len(catalog.models()), woken) == (3, [])
    _, revision = catalog.current()
    assert catalog.labels.delete("", selection, False, ["b", "a"]) == ["a", "b"]
    assert ([model.name for model in catalog.models()], woken) == (["c"], [1])
    assert catalog.changes(catalog.epoch, revision).deleted == ("a", "b")
    assert catalog.current()[1] == revision + 1
    assert catalog.labels.delete("", selection, False) == []
    with pytest.raises(InputError, match="delete: the selection is empty; give a selector, an owner or a text"):
        catalog.labels.delete("", Selection(), False)


def plans(catalog: Catalog, work: Callable[[], object]) -> list[str]:
    """Return the steps of SQLite's plans of the queries on labels and notes that ``work`` makes."""
    asked: list[tuple[str, Any]] = []

    def record(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: Any) -> None:
        asked.append((statement, parameters))

    event.listen(catalog.database.engine, "before_cursor_execute", record)
    work()
    event.remove(catalog.database.engine, "before_cursor_execute", record)
    raw = sqlite3.connect(catalog.database.name)
    raw.create_function("fold", 1, str.casefold)
    selects = [(statement, values) for statement, values in asked if statement.startswith("SELECT")]
    return [row[3] for statement, values in selects for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", values)]


@pytest.mark.parametrize("of_versions", [False, True])
@pytest.mark.parametrize(
    "parts", [{"labels": "team=ads"}, {"labels": "team,!b"}, {"labels": "team in (a,b),c=d"}, {"owner": "Ana"}]
)
def test_an_index_drives_each_selection(tmp_path: Path, parts: dict[str, str], of_versions: bool):
    """The query reads names in order and stops at the end of the page: nothing is scanned or sorted."""
    catalog = Catalog(tmp_path / "catalog.sqlite")
    deploy(catalog)
    steps = plans(catalog, lambda: catalog.page("a", "", 10, Selection.of(**parts, versions=of_versions)))
    assert any("INDEX ix_labels_key" in step or "INDEX ix_notes_owner" in step for step in steps)
    assert not [step for step in steps if step.startswith("SCAN ") or "TEMP B-TREE" in step], steps
