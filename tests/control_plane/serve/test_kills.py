"""The control plane killed at each step of a deployment, and at any time: the store stays intact, and it restarts."""

import random
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.collect import collect
from pretzel.control_plane.fsck import Check
from pretzel.control_plane.store import DirectoryStore
from pretzel.plan.model import Model
from tests.control_plane.serve.running import SECONDS, Server, control_plane, definition, sample
from tests.helpers.failpoints import STEPS

PLACES = [step for step in STEPS if not step.startswith(("collect", "recompile", "schedule"))]
SOME_PLACES = [PLACES[0], PLACES[-1], *(pytest.param(place, marks=pytest.mark.long) for place in PLACES[1:-1])]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one model."""
    data_dir = tmp_path_factory.mktemp("kills") / "data"
    with control_plane(data_dir) as server:
        server.deploy("m", definition(1), sample=sample(1))
    return data_dir


@contextmanager
def opened(data_dir: Path) -> Iterator[tuple[DirectoryStore, Catalog]]:
    catalog = Catalog(data_dir / "catalog.sqlite")
    yield DirectoryStore(data_dir / "objects"), catalog
    catalog.close()


def problems(store: DirectoryStore, catalog: Catalog) -> list[str]:
    return [f"{finding.path}: {finding.problem}" for finding in Check(store, catalog).run()]


def check(data_dir: Path) -> tuple[Model, ...]:
    """Assert that all models are complete, even after a collection, and return them."""
    with opened(data_dir) as (store, catalog):
        assert problems(store, catalog) == []
        collect(store, catalog)
        assert problems(store, catalog) == []
        assert list(store.incoming.iterdir()) == []
        return catalog.models()


@pytest.mark.parametrize("place", SOME_PLACES)
def test_killed_at_a_step(before: Path, tmp_path: Path, place: str):
    data_dir = tmp_path / "data"
    shutil.copytree(before, data_dir)
    server = Server(data_dir, dies_at=place)
    with pytest.raises(grpc.RpcError) as caught:
        server.deploy("m", definition(2), sample=sample(2))
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert server.process.wait(SECONDS) == -9
    server.close()

    (model,) = check(data_dir)
    published = place == "after_publish"
    assert [version.version for version in model.versions] == ([1, 2] if published else [1])
    assert model.aliases == {"stable": 2 if published else 1}

    with control_plane(data_dir) as again:
        assert again.deploy("m", definition(2), sample=sample(2)).version == 2
        assert again.deploy("m", definition(1), sample=sample(1)).version == 3
    (model,) = check(data_dir)
    assert model.aliases == {"stable": 3}


@pytest.mark.long
def test_killed_at_any_time(tmp_path: Path):
    data_dir = tmp_path / "data"
    chance = random.Random(4)
    answered: dict[int, int] = {}
    for _ in range(3):
        server = Server(data_dir, deployments=3)

        def deploy(seed: int, server: Server = server) -> None:
            with suppress(grpc.RpcError, ValueError):
                answered[seed] = server.deploy(f"m{seed % 3}", definition(seed), sample=sample(seed)).version

        with ThreadPoolExecutor(4) as pool:
            pool.map(deploy, (chance.randrange(1000) for _ in range(60)))
            time.sleep(chance.uniform(0.1, 0.8))
            server.process.kill()
        server.close()
        models = {model.name: model for model in check(data_dir)}
        for seed, version in answered.items():  # acknowledged deployments persist
            published = {v.version: v for v in models[f"m{seed % 3}"].versions}
            assert published[version].definition == definition(seed).digest


def test_a_check_reports_the_problems(before: Path, tmp_path: Path):
    data_dir = tmp_path / "data"
    shutil.copytree(before, data_dir)
    with opened(data_dir) as (store, catalog):
        version = catalog.model("m").versions[0]
        (weights,) = [digest for digest in catalog.holdings()[version.plan] if digest.size > 3000][:1]
        store.delete(weights)
        assert any(f"m@1: object {weights} is not in the store" in line for line in problems(store, catalog))
        store.delete(version.plan)
        assert any(f"m@1: object {version.plan} is not in the store" in line for line in problems(store, catalog))
