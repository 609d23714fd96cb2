"""Rollouts in the catalog: who may decide, and what a decision changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.audit.filters import Filters
from pretzel.control_plane.catalog.audit.trail import Trail
from pretzel.control_plane.catalog.freezing import Freeze
from pretzel.control_plane.catalog.rollout_rows import MOST_KEPT
from pretzel.control_plane.catalog.work import Task
from pretzel.control_plane.rollout.engine import Observations, step
from pretzel.errors import PreconditionError, UnavailableError
from pretzel.plan.rollout import Figures, Rollout
from pretzel.plan.traffic import shares_of
from tests.control_plane.catalog.releases import deploy
from tests.control_plane.conftest import Postgres

WANTED = Rollout("m", "stable", 0, 2, (100, 5000, 10_000), 60.0, by="Ana")
FINE = Observations(Figures(1000, p99=0.01), Figures(1000, p99=0.01))
BAD = Observations(Figures(1000, 500), Figures(1000))


@pytest.fixture
def catalog(location: Path | str) -> Iterator[Catalog]:
    with_versions = Catalog(location)
    fill(with_versions)
    yield with_versions
    with_versions.close()


def fill(catalog: Catalog) -> None:
    for seed in range(2):
        deploy(catalog, "m", seed)
    catalog.set_alias("m", "stable", 1)


def held(catalog: Catalog) -> Task:
    task = catalog.work.take("rollouts", 60.0)
    assert task is not None
    return task


def decided(catalog: Catalog, task: Task, before: Rollout, seen: Observations) -> Rollout | None:
    after, decision = step(before.began + 61, before, seen)
    assert decision is not None
    return catalog.rollouts.decide(task, before, after, decision)


def split(catalog: Catalog) -> dict[int, int]:
    model = catalog.model("m")
    return shares_of(model.traffic.get("stable", ((model.aliases["stable"], 10_000),)))


def test_a_decision_is_carried_out_once(catalog: Catalog):
    task, first = held(catalog), catalog.rollouts.start(WANTED)
    assert split(catalog) == {1: 9900, 2: 100}
    second = decided(catalog, task, first, FINE)
    assert second is not None and (second.step, split(catalog)) == (1, {1: 5000, 2: 5000})
    revision = catalog.current()
    assert decided(catalog, task, first, FINE) is None and decided(catalog, task, first, BAD) is None
    assert (catalog.current(), catalog.rollouts.find("m", "stable")) == (revision, second)
    last = decided(catalog, task, second, FINE)
    assert last is not None and (last.status, split(catalog)) == ("promoted", {2: 10_000})
    assert catalog.rollouts.running() == [] and catalog.rollouts.listed(lasting=True) == []
    records, _ = Trail(catalog.database).page(Filters(model="m", method="Rollout"), 0, 10)
    assert [one.identity for one in records] == ["rollout of Ana"] * 2


def test_a_decision_that_a_person_overtook_changes_nothing(catalog: Catalog):
    task, first = held(catalog), catalog.rollouts.start(WANTED)
    for what, status in (("pause", "paused"), ("resume", "running"), ("abort", "aborted")):
        assert catalog.rollouts.change("m", "stable", what, "Bea").status == status
        assert catalog.rollouts.change("m", "stable", what, "Bea").decisions[-1].by == "Bea"
        assert decided(catalog, task, first, FINE) is None
    assert split(catalog) == {1: 10_000}
    assert [one.decision for one in catalog.rollouts.find("m", "stable").decisions] == [
        *("start", "pause", "resume", "abort"),
    ]


def test_a_freeze_stops_advances_and_not_the_way_back(catalog: Catalog):
    task, first = held(catalog), catalog.rollouts.start(WANTED)
    catalog.rolling.freeze(Freeze("m", "Bea", 1.0))
    assert decided(catalog, task, first, FINE) is None and split(catalog) == {1: 9900, 2: 100}
    with pytest.raises(PreconditionError, match="model 'm' is frozen by Bea"):
        catalog.rollouts.change("m", "stable", "promote", "Ana")
    back = decided(catalog, task, first, BAD)
    assert back is not None and (back.status, split(catalog)) == ("rolled back", {1: 10_000})


def test_what_workers_had_counted_is_kept_with_the_step(catalog: Catalog):
    task, first = held(catalog), catalog.rollouts.start(WANTED)
    assert catalog.rollouts.running() == [(first, None)]
    catalog.rollouts.begin(task, first, {"version": {"i": [1, 2]}, "stable": {}})
    assert catalog.rollouts.running() == [(first, {"version": {"i": [1, 2]}, "stable": {}})]
    second = decided(catalog, task, first, FINE)
    assert catalog.rollouts.running() == [(second, None)]
    catalog.rollouts.begin(task, first, {})  # of the step before
    assert catalog.rollouts.running() == [(second, None)]


def test_ended_rollouts_are_bounded(catalog: Catalog):
    for _ in range(MOST_KEPT + 3):
        catalog.rollouts.start(WANTED)
        catalog.rollouts.change("m", "stable", "abort", "Ana")
    catalog.rollouts.start(WANTED)
    assert [one.id for one in catalog.rollouts.listed()] == [*range(MOST_KEPT + 4, 3, -1)]
    assert catalog.rollouts.count_lasting() == {"running": 1, "paused": 0}


def test_a_control_plane_that_was_overtaken_decides_nothing(postgres: Postgres):
    url = str(postgres.new())
    a, b = Catalog(url), Catalog(url)
    fill(a)
    first = a.rollouts.start(WANTED)
    task = a.work.take("rollouts", 0.0)  # it ends at once, as that of one that was killed ends after its time
    assert task is not None
    later = held(b)
    with pytest.raises(UnavailableError, match="rollouts: another control plane has taken over"):
        decided(a, task, first, FINE)
    with pytest.raises(UnavailableError, match="another control plane has taken over"):
        a.rollouts.begin(task, first, {})
    assert b.rollouts.find("m", "stable") == first
    second = decided(b, later, first, FINE)
    assert second is not None and replace(second, decisions=()) == replace(
        first, step=1, began=second.began, decisions=(), reason=second.reason
    )
    for one in (a, b):
        one.close()
