"""Plans of versions for several kernels."""

from dataclasses import replace

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.kernel_sets import Progress
from pretzel.control_plane.catalog.overview import Overview
from pretzel.control_plane.catalog.recompiling import Comparison
from pretzel.control_plane.catalog.records import Release
from pretzel.control_plane.catalog.work import Task
from pretzel.plan.digest import Digest
from tests.control_plane.catalog.releases import deploy, release

TASK = Task("recompile", "", 0)


def newer(seed: object = 0) -> Release:
    """The release that `release(seed)` becomes with the kernels 2."""
    old = release(seed)
    plan, weights = Digest.of(f"plan {seed} for 2".encode()), Digest.of(f"weights {seed} for 2".encode())
    return Release(plan, old.definition, 200, {plan: [weights], **old.holdings}, kernel_set="2")


def recompile(catalog: Catalog, name: str, seed: object = 0, number: int = 1) -> bool:
    version = catalog.model(name).versions[number - 1]
    return catalog.recompiling.add(version, "2", newer(seed), lambda: None, TASK)


def seen(catalog: Catalog, kernel_set: str) -> dict[str, list[tuple[Digest, int]]]:
    """The plans that a watcher gets."""
    models = catalog.changes("", 0, kernel_set).models
    return {model.name: [(version.plan, version.parameter_bytes) for version in model.versions] for model in models}


def test_a_watcher_gets_the_plans_of_its_kernels(catalog: Catalog):
    deploy(catalog, "a", 1)
    deploy(catalog, "b", 2)
    before = seen(catalog, "1")
    assert seen(catalog, "2") == seen(catalog, "") == before
    epoch, revision = catalog.current()
    assert recompile(catalog, "a", 1)
    changes = catalog.changes(epoch, revision, "2")
    assert [model.name for model in changes.models] == ["a"], "those who follow the catalog learn of the plan"
    assert seen(catalog, "2") == before | {"a": [(newer(1).plan, 200)]}
    assert seen(catalog, "1") == seen(catalog, "") == seen(catalog, "3") == before
    assert catalog.model("a").edition == 1, "no change of a user"


def test_what_lacks_a_plan_is_found_in_order(catalog: Catalog):
    for name in ("a", "b"):
        for seed in range(2):
            deploy(catalog, name, seed)
    recompile(catalog, "a", 0)
    found, after = [], ("", 0)
    while version := catalog.recompiling.next("2", after):
        after = version.model, version.version
        found.append(after)
    assert found == [("a", 2), ("b", 1), ("b", 2)]
    assert catalog.recompiling.next("1") is None
    assert catalog.recompiling.progress("2") == Progress(3, 0)


def test_a_version_that_cannot_be_recompiled_keeps_its_plan_until_it_is_tried_again(catalog: Catalog):
    deploy(catalog, "a")
    catalog.recompiling.fail(catalog.model("a").versions[0], "2", "no kernel computes it\0", TASK)
    assert seen(catalog, "2") == seen(catalog, "1")
    assert catalog.recompiling.problems("2") == {"a@1": "no kernel computes it\ufffd"}
    assert catalog.recompiling.progress("2") == Progress(0, 1)
    (failure,) = Overview(catalog.database).failures("a")
    assert failure.problem.startswith("version 1 cannot be recompiled for kernels 2: no kernel computes it")
    catalog.recompiling.retire("2", (), TASK)
    assert seen(catalog, "1")["a"] == [(release().plan, 100)], "its only plan stays"
    catalog.recompiling.forget_failures("2")
    assert catalog.recompiling.progress("2") == Progress(1, 0)


def test_a_version_that_changed_meanwhile_gets_no_plan(catalog: Catalog):
    deploy(catalog, "a")
    version = catalog.model("a").versions[0]
    catalog.delete("a", force=True)
    assert not catalog.recompiling.add(version, "2", newer(), lambda: None, TASK)
    catalog.recompiling.fail(version, "2", "problem", TASK)
    assert catalog.recompiling.problems("2") == {}


@pytest.mark.parametrize("whole", [True, False])
def test_plans_go_with_their_version(catalog: Catalog, whole: bool):
    deploy(catalog, "a", 1)
    deploy(catalog, "a", 2)
    recompile(catalog, "a", 1)
    assert newer(1).plan in catalog.objects() and newer(1).plan in catalog.holdings()
    assert [version.version for version in catalog.needing(Digest.of(b"weights 1 for 2"))] == [1]
    catalog.delete("a" if whole else "a@1", force=True)
    assert newer(1).plan not in catalog.objects()
    assert catalog.unneeded([newer(1).plan]) == [newer(1).plan]


def test_plans_of_other_kernels_are_kept_until_they_retire(catalog: Catalog):
    deploy(catalog, "a", 1)
    deploy(catalog, "b", 2)
    recompile(catalog, "a", 1)
    old, new = release(1).plan, newer(1).plan
    assert catalog.recompiling.retire("2", {"1"}, TASK) == 0
    assert catalog.unneeded([old, new, Digest.of(b"weights 1")]) == []
    assert catalog.recompiling.retire("2", (), TASK) == 1
    assert catalog.unneeded([old, new]) == [old]
    assert catalog.unneeded([Digest.of(b"weights 1")]) == [], "the definition has them"
    assert seen(catalog, "2") == seen(catalog, "1") == {"a": [(new, 200)], "b": [(release(2).plan, 100)]}
    assert catalog.recompiling.progress("2") == Progress(1, 0)
    assert catalog.recompiling.next("1", ("", 0)), "a release with the former kernels makes its plans again"
    assert catalog.recompiling.retire("1", (), TASK) == 0, "no plan is dropped that no other replaces"


def test_a_deployment_of_what_was_recompiled_is_no_new_version(catalog: Catalog):
    deploy(catalog, "a", 1)
    recompile(catalog, "a", 1)
    assert catalog.publish("a", newer(1), "stable")[0].version == 1
    assert catalog.publish("a", newer(3), "stable")[0].version == 2


def sampled(seed: object, verified: bool = True) -> Release:
    """A release of the same plan with a sample."""
    digest = Digest.of(f"sample {seed}".encode())
    plain = release(1, verified=verified)
    return replace(plain, sample=digest, holdings={**plain.holdings, digest: []})


def test_a_sample_is_needed_as_long_as_its_version(catalog: Catalog):
    first, second = (Digest.of(f"sample {seed}".encode()) for seed in (1, 2))
    catalog.publish("a", sampled(1), "stable")
    assert catalog.samples.all() == {("a", 1): first} and catalog.samples.of("a", 1) == first
    assert first in catalog.objects() and catalog.holdings()[first] == {first}
    assert [str(version) for version in catalog.needing(first)] == ["a@1"]
    assert catalog.publish("a", sampled(2, verified=False), "stable")[0].version == 1
    assert catalog.samples.of("a", 1) == first, "no verification, no other sample"
    assert catalog.publish("a", sampled(2), "stable")[0].version == 1
    assert catalog.samples.of("a", 1) == second and catalog.unneeded([first, second]) == [first]
    catalog.forget()
    assert second in catalog.objects() and first not in catalog.holdings()
    catalog.delete("a", force=True)
    assert catalog.unneeded([second]) == [second] and catalog.samples.of("a", 1) is None


def test_samples_are_forgotten(catalog: Catalog):
    catalog.publish("a", sampled(1), "stable")
    catalog.publish("b", sampled(1), "stable")
    catalog.samples.forget(Digest.of(b"sample 2"))
    assert len(catalog.samples.all()) == 2
    assert catalog.samples.forget_all() == 2 and catalog.samples.forget_all() == 0
    assert catalog.samples.all() == {} and catalog.unneeded([Digest.of(b"sample 1")]) == [Digest.of(b"sample 1")]


def test_states_tell_what_was_compared(catalog: Catalog):
    deploy(catalog, "a", 1)
    version = catalog.model("a").versions[0]
    for kernels, rows, reason in (("2", 1000, ""), ("3", 0, "its sample is lost")):
        catalog.recompiling.add(version, kernels, newer(1), lambda: None, TASK, Comparison(rows, reason))
    catalog.recompiling.fail(version, "4", "no kernel computes it", TASK)
    assert catalog.recompiling.states(version) == {
        "2": "compared on 1,000 rows",
        "3": "not compared: its sample is lost",
        "4": "not served: no kernel computes it",
    }
