"""Models and their versions: deploying, redeploying and deleting."""

import threading
from pathlib import Path

import pytest

from pretzel.control_plane.catalog import Catalog, Release
from pretzel.errors import NotFoundError, PreconditionError
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model
from tests.control_plane.catalog.releases import deploy, release


def test_a_deployment_creates_version_one_and_points_the_alias(catalog: Catalog):
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
    assert catalog.current()[1] == revision  # no change visible to a worker
    assert deploy(catalog, seed=1) == 3  # an older plan is a new version


def test_the_same_plan_still_moves_the_alias(catalog: Catalog):
    deploy(catalog, seed=1)
    deploy(catalog, seed=2)
    catalog.set_alias("m", "stable", 1)
    assert deploy(catalog, seed=2) == 2
    assert catalog.model("m").aliases == {"stable": 2}
    assert deploy(catalog, seed=2, alias="canary") == 2
    assert catalog.model("m").aliases == {"stable": 2, "canary": 2}


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


def test_version_numbers_are_never_reused(catalog: Catalog):
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


def test_it_survives_reopening(location: Path | str):
    first = Catalog(location)
    deploy(first)
    seen = (first.current(), first.models())
    first.close()
    again = Catalog(location)
    assert (again.current(), again.models()) == seen


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


def test_sharing_counts_models_and_not_versions(catalog: Catalog):
    common = Digest.of(b"dictionary")
    for name, seed in (("a", 1), ("a", 2), ("b", 3), ("c", 3)):
        published = release(seed)
        holdings = {holder: [*objects, common] for holder, objects in published.holdings.items()}
        catalog.publish(name, Release(published.plan, published.definition, 100, holdings, {}), None)
    weights = Digest.of(b"weights 3")
    assert catalog.sharing([common, weights, Digest.of(b"nobody's")]) == {common: 3, weights: 2}
    catalog.delete("b")
    assert catalog.sharing([common, weights]) == {common: 2, weights: 1}
    assert catalog.sharing([]) == {}
