"""Models, versions, aliases: what the catalog promises about them."""

import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pretzel.control_plane.catalog import Catalog, Changes, Release, reading
from pretzel.errors import InputError, NotFoundError, PreconditionError
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.sqlite")


def release(seed: object = 0, **metadata: object) -> Release:
    plan, definition = Digest.of(f"plan {seed}".encode()), Digest.of(f"definition {seed}".encode())
    weights = Digest.of(f"weights {seed}".encode())
    return Release(plan, definition, 100, {plan: [weights], definition: [weights]}, metadata)


def deploy(catalog: Catalog, name: str = "m", seed: object = 0, alias: str | None = "stable") -> int:
    return catalog.publish(name, release(seed), alias)[0].version


def test_a_deployment_makes_version_one_and_points_the_alias(catalog: Catalog):
    version, revision = catalog.publish("iris", release(1, library="sklearn 1.9"), "stable")
    model = catalog.model("iris")
    assert (version.model, version.version, version.plan) == ("iris", 1, release(1).plan)
    assert version.metadata == {"library": "sklearn 1.9"}
    assert model == Model("iris", (version,), {"stable": 1})
    assert catalog.current()[1] == revision


def test_another_plan_is_another_version(catalog: Catalog):
    assert [deploy(catalog, seed=seed) for seed in (1, 2, 3)] == [1, 2, 3]
    assert catalog.model("m").aliases == {"stable": 3}


def test_the_plan_of_the_newest_version_returns_it(catalog: Catalog):
    deploy(catalog, seed=1)
    deploy(catalog, seed=2)
    revision = catalog.current()[1]
    assert deploy(catalog, seed=2) == 2
    assert catalog.current()[1] == revision  # nothing that a worker sees has changed
    assert deploy(catalog, seed=1) == 3  # an older plan is a new version


def test_the_same_plan_still_moves_the_alias(catalog: Catalog):
    deploy(catalog, seed=1)
    deploy(catalog, seed=2)
    catalog.set_alias("m", "stable", 1)
    assert deploy(catalog, seed=2) == 2
    assert catalog.model("m").aliases == {"stable": 2}
    assert deploy(catalog, seed=2, alias="canary") == 2
    assert catalog.model("m").aliases == {"stable": 2, "canary": 2}


def test_without_an_alias_none_is_pointed(catalog: Catalog):
    deploy(catalog, alias=None)
    assert catalog.model("m").aliases == {}
    with pytest.raises(NotFoundError, match="model 'm' has no alias 'stable'; it has: none"):
        catalog.resolve("m")


def test_resolving(catalog: Catalog):
    for seed in range(3):
        deploy(catalog, seed=seed)
    catalog.set_alias("m", "old", 1)
    assert [catalog.resolve(text)[1].version for text in ("m", "m:stable", "m:old", "m@2")] == [3, 3, 1, 2]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("nobody", NotFoundError, "model 'nobody' is not deployed"),
        ("m@9", NotFoundError, "model 'm' has no version 9; it has: 1"),
        ("m:blue", NotFoundError, "model 'm' has no alias 'blue'; it has: stable"),
        ("m@zero", InputError, "version 'zero' is not a number"),
        ("m@0", InputError, "version '0' is not a number from 1"),
        ("m@", InputError, "version ''"),
        ("", InputError, "model name ''"),
        ("a b", InputError, "model name 'a b'"),
        ("../m", InputError, "model name '../m'"),
        ("m" * 201, InputError, "1 to 200 letters"),
        ("m:", InputError, "alias ''"),
        ("m:a b", InputError, "alias 'a b'"),
    ],
)
def test_references_that_name_nothing(catalog: Catalog, text: str, error: type[Exception], message: str):
    deploy(catalog)
    with pytest.raises(error, match=message):
        catalog.resolve(text)


@pytest.mark.parametrize("name", ["", "-x", "a@1", "a:b", "a\nb", "a" * 201])
def test_names_that_cannot_be_deployed(catalog: Catalog, name: str):
    with pytest.raises(InputError):
        deploy(catalog, name)
    assert catalog.models() == ()


def test_any_alphabet_names_models(catalog: Catalog):
    assert deploy(catalog, "kunden/modell_ü-7.日本") == 1
    assert catalog.resolve("kunden/modell_ü-7.日本@1")[1].version == 1


def test_listing_by_prefix_takes_it_verbatim(catalog: Catalog):
    for name in ("a_1", "ab1", "a_2", "b"):
        deploy(catalog, name)
    assert [model.name for model in catalog.models("a_")] == ["a_1", "a_2"]
    assert [model.name for model in catalog.models()] == ["a_1", "a_2", "ab1", "b"]


def test_aliases(catalog: Catalog):
    deploy(catalog, seed=1)
    deploy(catalog, seed=2)
    revision = catalog.current()[1]
    assert catalog.set_alias("m", "stable", 1).aliases == {"stable": 1}
    assert catalog.current()[1] == revision + 1
    catalog.set_alias("m", "stable", 1)
    assert catalog.current()[1] == revision + 1
    catalog.set_alias("m", "blue", 2)
    assert catalog.set_alias("m", "stable", 0).aliases == {"blue": 2}


def test_alias_errors(catalog: Catalog):
    deploy(catalog)
    with pytest.raises(NotFoundError, match="model 'other' is not deployed"):
        catalog.set_alias("other", "stable", 1)
    with pytest.raises(NotFoundError, match="model 'm' has no version 7; it has: 1"):
        catalog.set_alias("m", "stable", 7)
    with pytest.raises(NotFoundError, match="model 'm' has no alias 'blue'; it has: stable"):
        catalog.set_alias("m", "blue", 0)
    with pytest.raises(InputError, match="alias ''"):
        catalog.set_alias("m", "", 1)


def test_a_version_in_use_is_not_deleted_without_force(catalog: Catalog):
    deploy(catalog, seed=1)
    deploy(catalog, seed=2)
    with pytest.raises(PreconditionError, match="m@2 is in use: stable -> 2; move the alias first"):
        catalog.delete("m@2")
    catalog.delete("m@1")
    assert [v.version for v in catalog.model("m").versions] == [2]
    deploy(catalog, seed=3)
    catalog.delete("m@3", force=True)
    assert catalog.model("m").aliases == {}
    assert [v.version for v in catalog.model("m").versions] == [2]


def test_a_model_in_use_is_not_deleted_without_force(catalog: Catalog):
    deploy(catalog)
    with pytest.raises(PreconditionError, match="m is in use: stable -> 1; delete with force"):
        catalog.delete("m")
    catalog.delete("m", force=True)
    with pytest.raises(NotFoundError, match="model 'm' is not deployed"):
        catalog.delete("m")
    assert catalog.models() == ()


def test_deleting_the_last_version_deletes_the_model(catalog: Catalog):
    deploy(catalog, alias=None)
    catalog.delete("m@1")
    with pytest.raises(NotFoundError, match="model 'm' is not deployed"):
        catalog.model("m")


def test_version_numbers_are_never_used_again(catalog: Catalog):
    deploy(catalog, seed=1)
    deploy(catalog, seed=2)
    catalog.delete("m@2", force=True)
    assert deploy(catalog, seed=2) == 3
    catalog.delete("m", force=True)
    assert deploy(catalog, seed=1) == 4


def test_a_check_that_fails_publishes_nothing(catalog: Catalog):
    def check() -> None:
        raise PreconditionError("an object went")

    before = catalog.current()
    with pytest.raises(PreconditionError):
        catalog.publish("m", release(), "stable", check)
    assert catalog.models() == ()
    assert catalog.current() == before


def test_it_survives_reopening(tmp_path: Path):
    first = Catalog(tmp_path / "catalog.sqlite")
    deploy(first)
    seen = (first.current(), first.models())
    first.close()
    again = Catalog(tmp_path / "catalog.sqlite")
    assert (again.current(), again.models()) == seen


def test_every_change_is_told(tmp_path: Path):
    told: list[int] = []
    catalog = Catalog(tmp_path / "catalog.sqlite", on_change=lambda: told.append(1))
    deploy(catalog)
    catalog.set_alias("m", "blue", 1)
    catalog.delete("m", force=True)
    assert len(told) == 3


def test_many_threads_deploy_at_once(catalog: Catalog):
    def work(worker: int) -> None:
        for i in range(5):
            deploy(catalog, f"m{i}", seed=(worker, i))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[v.version for v in model.versions] for model in catalog.models()] == [[1, 2, 3, 4, 5, 6]] * 5
    assert catalog.current()[1] == 1 + 60  # a version and its alias, thirty times


def test_changes(catalog: Catalog):
    deploy(catalog, "a")
    deploy(catalog, "b")
    epoch, revision = catalog.current()
    assert catalog.changes(epoch, revision) == Changes(epoch, revision, False, (), ())
    deploy(catalog, "c")
    catalog.delete("a", force=True)
    changed = catalog.changes(epoch, revision)
    assert not changed.snapshot
    assert [model.name for model in changed.models] == ["c"]
    assert changed.deleted == ("a",)
    assert changed.revision == catalog.current()[1] > revision


@pytest.mark.parametrize(("epoch", "revision"), [("", 0), ("another store", 1), ("same", 0), ("same", 99)])
def test_a_watcher_that_cannot_follow_gets_a_snapshot(catalog: Catalog, epoch: str, revision: int):
    deploy(catalog, "a")
    deploy(catalog, "b")
    catalog.delete("b", force=True)
    changed = catalog.changes(catalog.epoch if epoch == "same" else epoch, revision)
    assert changed.snapshot
    assert [model.name for model in changed.models] == ["a"]
    assert changed.deleted == ()


def test_a_watcher_that_missed_too_many_deletions_gets_a_snapshot(catalog: Catalog, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "MOST_DELETIONS", 3)
    epoch, revision = catalog.current()
    for i in range(4):
        deploy(catalog, f"m{i}")
    for i in range(3):
        catalog.delete(f"m{i}", force=True)
    assert not catalog.changes(epoch, revision).snapshot
    catalog.delete("m3", force=True)
    assert catalog.changes(epoch, revision).snapshot


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["deploy", "alias", "delete", "drop", "watch"]),
        st.sampled_from(["a", "b"]),
        st.integers(1, 3),
    ),
    max_size=25,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_watcher_that_follows_sees_what_a_snapshot_shows(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]]
):
    catalog = Catalog(tmp_path_factory.mktemp("catalog") / "catalog.sqlite")
    seen: dict[str, Model] = {}
    at = ("", 0)
    for what, name, number in [*steps, ("watch", "", 0)]:
        try:
            match what:
                case "deploy":
                    deploy(catalog, name, number)
                case "alias":
                    catalog.set_alias(name, "blue", number)
                case "delete":
                    catalog.delete(f"{name}@{number}", force=True)
                case "drop":
                    catalog.delete(name, force=True)
                case "watch":
                    changed = catalog.changes(*at)
                    assert changed.snapshot == (at == ("", 0))
                    seen = {} if changed.snapshot else seen
                    seen |= {model.name: model for model in changed.models}
                    for gone in changed.deleted:
                        seen.pop(gone, None)
                    at = (changed.epoch, changed.revision)
        except NotFoundError:
            pass
    assert tuple(seen[name] for name in sorted(seen)) == catalog.models()
    catalog.close()


def test_sharing_counts_models_and_not_versions(catalog: Catalog):
    common = Digest.of(b"dictionary")
    for name, seed in (("a", 1), ("a", 2), ("b", 3), ("c", 3)):
        made = release(seed)
        holdings = {holder: [*objects, common] for holder, objects in made.holdings.items()}
        catalog.publish(name, Release(made.plan, made.definition, 100, holdings, {}), None)
    weights = Digest.of(b"weights 3")
    assert catalog.sharing([common, weights, Digest.of(b"nobody's")]) == {common: 3, weights: 2}
    catalog.delete("b")
    assert catalog.sharing([common, weights]) == {common: 2, weights: 1}
    assert catalog.sharing([]) == {}
