"""The planner: measured figures, placement, cold calls, the loss of a zone, and its page; rates are not asserted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scale.plan import assumed, cold, control, machines, saturation, tables, zones
from benchmarks.scale.plan.measured import PAGES, Measured, read
from benchmarks.scale.plan.page import PAGE, filled
from benchmarks.scale.plan.placement import RULES, outcome, place, zone_of
from benchmarks.scale.plan.workload import Workload, example

MEASURED = read()
SMALL = example(MEASURED, models=3000, families=60)
MACHINES, REPLICAS = 12, 2


def work_of(family: list[int], calls: list[float], shared: float = 100.0, own: float = 1.0) -> Workload:
    return Workload(np.array(family), np.array(calls) / sum(calls), shared, own)


def test_figures_come_from_the_pages() -> None:
    mechanisms = json.loads((PAGES / "mechanisms.json").read_text())["mechanisms"]
    [stored] = [item for item in mechanisms if item["name"] == "parameters are stored once"]
    assert MEASURED.shared_bytes + 10 * MEASURED.own_bytes == pytest.approx(stored["on"] * 1e6)
    assert 10 * (MEASURED.shared_bytes + MEASURED.own_bytes) == pytest.approx(stored["off"] * 1e6)
    assert all(value > 0 for value in vars(MEASURED).values())


def test_a_page_without_a_figure_is_named(tmp_path: Path) -> None:
    for name in ("scale", "serving", "mechanisms"):
        (tmp_path / f"{name}.json").write_text((PAGES / f"{name}.json").read_text())
    content = json.loads((tmp_path / "scale.json").read_text())
    content["figures"] = [figure for figure in content["figures"] if figure[0] != "10,000 loads and unloads"]
    (tmp_path / "scale.json").write_text(json.dumps(content))
    with pytest.raises(KeyError, match="loads and unloads"):
        read(tmp_path)


def test_machines_hold_and_cost_in_proportion() -> None:
    one, ten = (machines.capacity(count, MEASURED) for count in (1, 10))
    assert ten.siblings == pytest.approx(10 * one.siblings, rel=1e-3) and ten.month == pytest.approx(10 * one.month)
    assert one.siblings > one.alone
    nothing = machines.capacity(1, replace(MEASURED, shared_bytes=0.0))
    assert nothing.siblings == nothing.alone > one.siblings


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_every_model_has_its_replicas_in_different_zones(name: str, replicas: int) -> None:
    at = place(SMALL, RULES[name], MACHINES, replicas).at
    assert at.shape == (SMALL.models, replicas) and at.min() >= 0 and at.max() < MACHINES
    assert all(len(set(row)) == replicas for row in zone_of(at).tolist())


def test_more_replicas_than_zones_are_refused() -> None:
    with pytest.raises(ValueError, match="4 replicas: expected at most one in each of 3 zones"):
        place(SMALL, RULES["random"], MACHINES, 4)


@pytest.mark.parametrize("name", RULES)
def test_loads_add_up_before_and_after_a_zone_is_lost(name: str) -> None:
    placed = place(SMALL, RULES[name], MACHINES, REPLICAS)
    assert placed.loads(SMALL).sum() == pytest.approx(1.0)
    after = placed.loads_without(SMALL, 1)
    assert after.sum() == pytest.approx(1.0)
    assert not after[zone_of(np.arange(MACHINES)) == 1].any()


def test_models_of_one_parameter_set_lie_together() -> None:
    got = {name: outcome(SMALL, rule, MACHINES, REPLICAS) for name, rule in RULES.items()}
    assert got["parameter set"].duplication < got["name hash"].duplication
    assert got["parameter set"].mean_bytes < got["random"].mean_bytes
    most = max(len(place(SMALL, RULES["parameter set"], MACHINES, REPLICAS).models_of(m)) for m in range(MACHINES))
    assert most <= 1.1 * SMALL.models * REPLICAS / MACHINES + place(SMALL, RULES["random"], 12, 1).everywhere.sum()


def test_a_machine_that_joins_moves_little_by_hash() -> None:
    assert outcome(SMALL, RULES["name hash"], MACHINES, 1).moved == pytest.approx(1 / 13, abs=0.02)
    assert outcome(SMALL, RULES["random"], MACHINES, 1).moved > 0.8


def test_bytes_count_shared_parameters_once() -> None:
    work = work_of([0, 0, 1], [1, 1, 1])
    assert work.distinct_bytes == 2 * 100 + 3 and work.bytes_of(np.array([0, 1])) == 102


def test_the_model_called_last_stays() -> None:
    resident = cold.Resident(work_of([0, 0, 1], [1, 1, 1]), room=150.0)
    assert resident.call(0) and resident.call(1) and not resident.call(0)
    assert resident.bytes == 102
    assert resident.call(2)  # needs another hundred: 1 and then 0 have to go
    assert resident.bytes == 101 and resident.call(0) and resident.bytes == 101


def test_no_call_is_cold_where_all_fits_and_more_are_with_less_room() -> None:
    placed = place(SMALL, RULES["parameter set"], MACHINES, REPLICAS)
    shares = [cold.share(SMALL, placed, room, calls=3000) for room in (1e12, 6e7, 2e7)]
    assert shares[0] == 0 and shares[0] < shares[1] < shares[2]
    assert cold.everywhere(SMALL, MACHINES, 6e7, calls=3000) > shares[1]


def test_two_replicas_outlive_a_zone_and_one_does_not() -> None:
    for rule in RULES.values():
        one, two = (zones.lose(SMALL, place(SMALL, rule, MACHINES, count), MEASURED) for count in (1, 2))
        assert one.capacity == two.capacity == pytest.approx(2 / 3)
        assert 0.2 < one.orphans < 0.5 and two.orphans == two.orphaned_calls == 0
        assert two.seconds > 0 and two.use >= assumed.USE * 1.5 * 0.99


@pytest.mark.parametrize(("calls", "least"), [(1.0, 2), (100.0, 2), (101.0, 3), (200.0, 3), (201.0, 5), (400.0, 6)])
def test_replicas_bear_the_calls_of_a_model_while_a_zone_is_lost(calls: float, least: int) -> None:
    assert zones.least_replicas(calls, machine=100.0) == least
    left = least - -(-least // assumed.ZONES)
    assert left * 100 >= calls


def test_the_page_has_every_table_as_computed_now() -> None:
    page = PAGE.read_text()
    quick = {name: tables.TABLES[name](MEASURED) for name in ("measured", "machines", "replicas", "control_plane")}
    assert filled(page, quick) == page, "run python -m benchmarks.scale.plan --write"
    assert all(f"<!-- table: {name} -->\n\n|" in page for name in tables.TABLES)


def test_a_table_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for more"):
        filled("<!-- table: one -->\n<!-- end -->", {"one": ["| a |"], "more": []})
    assert filled("<!-- table: one -->\n<!-- end -->\nrest", {"one": ["| a |"]}) == (
        "<!-- table: one -->\n\n| a |\n\n<!-- end -->\nrest"
    )


def test_the_bounds_of_a_control_plane() -> None:
    found = Measured(**vars(MEASURED) | {"follow_seconds": 0.01, "deploy_seconds": 0.036})
    bounds = control.limits(found, control.Saturation({0: 30.0}, reports=2000.0), models=100_000)
    assert bounds.deployments_an_hour == {0: 108_000.0} and bounds.workers_by_reports == 4000
    assert (bounds.workers_follow, bounds.first_hours) == pytest.approx((100.0, 1.0))


def test_a_control_plane_is_measured() -> None:
    found = saturation.measure(watchers=(0, 5), seconds=0.3, features=120)
    assert found["deployments"].keys() == {0, 5} and found["models"] > 0
    assert min(*found["deployments"].values(), found["reports"]) > 0
