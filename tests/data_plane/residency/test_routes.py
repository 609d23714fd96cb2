"""Routes of model references, across catalogs."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.cache.store import ObjectCache
from pretzel.data_plane.catalog import Catalog, encode_model, split_reference
from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.residency.plans import PlanCatalog
from pretzel.data_plane.residency.routes import Router
from pretzel.errors import NotFoundError, UnavailableError
from pretzel.plan.digest import Digest
from pretzel.plan.model import Model
from tests.data_plane.control import version
from tests.data_plane.models import put, regression


@pytest.fixture
def cache(tmp_path: Path):
    cache = ObjectCache(tmp_path)
    yield cache
    cache.close()


@pytest.fixture
def plans(tmp_path: Path) -> PlanCatalog:
    return PlanCatalog(ObjectReader(tmp_path), 1 << 40)


def catalog(revision: int, **models: Model) -> Catalog:
    return Catalog("e", revision, {name: encode_model(model) for name, model in models.items()})


def model(name: str, *digests: Digest, **aliases: int) -> Model:
    return Model(name, tuple(version(name, i + 1, digest) for i, digest in enumerate(digests)), aliases)


@pytest.mark.parametrize(
    ("reference", "number"), [("a", 2), ("a@1", 1), ("a@2", 2), ("a:stable", 2), ("a:canary", 1), ("a@b:c", 1)]
)
def test_references(reference: str, number: int):
    digest = Digest.of(b"")
    odd = model("a@b:c", digest, stable=1)
    version = catalog(1, a=model("a", digest, digest, stable=2, canary=1), **{"a@b:c": odd}).find(reference)
    assert version.version == number


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("b", "Request for unknown model: 'b' is not found"),
        ("", "Request for unknown model: '' is not found"),
        ("b@1", "Request for unknown model: 'b' is not found"),
        ("a@3", "model 'a' has no version '3'; it has 1, 2"),
        ("a@01", "model 'a' has no version '01'; it has 1, 2"),
        ("a@", "model 'a' has no version ''; it has 1, 2"),
        ("a:x", "model 'a' has no alias 'x'; it has canary"),
        ("a", "model 'a' has no alias 'stable'; it has canary"),
    ],
)
def test_references_to_missing_models(reference: str, message: str):
    digest = Digest.of(b"")
    with pytest.raises(NotFoundError, match=f"^{message}$"):
        catalog(1, a=model("a", digest, digest, canary=1)).find(reference)


def test_a_reference_splits_at_its_last_mark():
    assert split_reference("a:b@2") == ("a:b", "@", "2")
    assert split_reference("a@b:c") == ("a@b", ":", "c")
    assert split_reference("plain") == ("plain", "", "")


async def test_requests_have_the_weight_of_their_model(cache: ObjectCache, plans: PlanCatalog):
    first, second = put(cache, regression(3)), put(cache, regression(4))
    router = Router(plans, Tally(), (), {"a": 4.0})
    await router.apply(catalog(1, a=model("a", first, stable=1), b=model("b", second, stable=1)))
    assert [router.find(name).entry.cost_of(None).weight for name in "ab"] == [4.0, 1.0]


async def test_a_cold_name_moves_at_once(cache: ObjectCache, plans: PlanCatalog):
    first, second = put(cache, regression(3)), put(cache, regression(4))
    router = Router(plans, Tally())
    await router.apply(catalog(1, a=model("a", first, stable=1)))
    assert router.find("a").entry.digest == first
    await router.apply(catalog(2, a=model("a", first, second, stable=2)))
    route = router.find("a")
    assert (route.entry.digest, route.version.version, route.entry.executable) == (second, 2, None)


async def test_a_warm_name_moves_when_its_new_plan_is_warm(cache: ObjectCache, plans: PlanCatalog, monkeypatch):
    first, second = put(cache, regression(3)), put(cache, regression(4))
    router, release = Router(plans, Tally()), threading.Event()
    await router.apply(catalog(1, a=model("a", first, stable=1)))
    await plans.load(router.find("a").entry)
    build = plans._build
    monkeypatch.setattr(plans, "_build", lambda *plan: release.wait(10) and build(*plan))
    moving = asyncio.create_task(router.apply(catalog(2, a=model("a", first, second, stable=2))))
    for _ in range(20):
        await asyncio.sleep(0.001)
        assert router.find("a").entry.digest == first
    release.set()
    assert await moving == {}
    route = router.find("a")
    assert route.entry.digest == second
    assert route.entry.executable is not None


async def test_a_warm_name_stays_while_its_new_plan_cannot_load(cache: ObjectCache, plans: PlanCatalog):
    first, second = put(cache, regression(3)), put(cache, regression(4))
    router = Router(plans, Tally())
    await router.apply(catalog(1, a=model("a", first, stable=1)))
    await plans.load(router.find("a").entry)
    blob = bytes(cache.fetch(second))
    cache.drop([second])
    plans._objects.refresh()
    later = catalog(2, a=model("a", first, second, stable=2))
    assert "a" in await router.apply(later)
    assert router.find("a").entry.digest == first
    assert router.find("a@2").entry.digest == second  # a request by number gets the error
    cache.add(second, blob)
    assert not await router.apply(later)
    assert router.find("a").entry.digest == second


async def test_a_deleted_name_is_removed_even_if_warm(cache: ObjectCache, plans: PlanCatalog):
    digest = put(cache, regression(3))
    router = Router(plans, Tally())
    await router.apply(catalog(1, a=model("a", digest, stable=1)))
    await plans.load(router.find("a").entry)
    await router.apply(catalog(2))
    with pytest.raises(NotFoundError):
        router.find("a")


async def test_only_moved_references_are_found_again(cache: ObjectCache, plans: PlanCatalog):
    first, second = put(cache, regression(3)), put(cache, regression(4))
    router, moved = Router(plans, Tally()), list[str]()
    router.on_move.append(moved.extend)
    models = {name: model(name, first, stable=1) for name in "abc"}
    await router.apply(catalog(1, **models))
    kept = {reference: router.find(reference) for reference in ("a", "a@1", "b", "b:stable")}
    await router.apply(catalog(2, **models | {"b": model("b", first, second, stable=2)}))
    assert sorted(moved) == ["b", "b:stable"]
    assert [router.find(reference) is route for reference, route in kept.items()] == [True, True, False, False]


async def test_pins_are_loaded_and_kept(cache: ObjectCache, plans: PlanCatalog):
    digest = put(cache, regression(3))
    router = Router(plans, Tally(), ["a", "nowhere"])
    await router.apply(catalog(1, a=model("a", digest, stable=1)))
    assert set(plans.resident) == {digest} == plans._queue.pinned


@pytest.mark.parametrize("reference", ["b", "b@1", "b:canary", "a@2"])
async def test_a_held_back_model_is_unavailable_with_the_reason(cache: ObjectCache, plans: PlanCatalog, reference: str):
    digest = put(cache, regression(3))
    router = Router(plans, Tally())
    await router.apply(catalog(1, a=model("a", digest, stable=1)))
    router.held = {"a": "no room", "b": "no room on the disk"}
    with pytest.raises(UnavailableError, match=f"model '{reference}': held back on this worker: no room.*; retry, or"):
        router.find(reference)
    assert router.find("a").entry.digest == digest
    router.held = {}
    with pytest.raises(NotFoundError):
        router.find(reference)
