"""Failed verifications that are kept, and sums over the objects that models share."""

import pytest

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.failures import MOST_CHARACTERS, MOST_FAILURES, Failure
from pretzel.control_plane.catalog.overview import Overview
from pretzel.control_plane.refusals import keeping_refusals
from pretzel.errors import ExhaustedError, VerificationError
from pretzel.plan.digest import Digest
from tests.control_plane.catalog.releases import deploy, release


def test_only_the_last_failures_are_kept(catalog: Catalog):
    overview = Overview(catalog.database)
    for number in range(MOST_FAILURES + 5):
        overview.note_failure(Failure(f"m{number}", 1.0, "E", "p" * (number * 1000)))
    kept = overview.failures()
    assert [failure.model for failure in kept] == [f"m{n}" for n in range(MOST_FAILURES + 4, 4, -1)]
    assert len(kept[0].problem) == MOST_CHARACTERS and kept[0].problem.endswith("p…")


def test_a_failure_that_cannot_be_kept_does_not_hide_the_error(catalog: Catalog, monkeypatch):
    def full(failure: Failure) -> None:
        raise ExhaustedError("catalog: disk full")

    overview = Overview(catalog.database)
    monkeypatch.setattr(overview, "note_failure", full)
    with pytest.raises(VerificationError, match="row 7"), keeping_refusals(overview, "m", {}):
        raise VerificationError("row 7")


def test_sharing_of_whole_plans(catalog: Catalog):
    for name in ("m", "n"):
        deploy(catalog, name, seed=1)
    _, sharing = Overview(catalog.database).measure_sharing(5)
    weights = Digest.of(b"weights 1")
    assert (sharing.models, sharing.separate_bytes, sharing.saved_bytes) == (2, 200, weights.size)
    assert [(item.digest, item.plan, item.saved) for item in sharing.objects] == [
        (weights, release(1).plan, weights.size)
    ]
    catalog.delete("n", force=True)
    _, alone = Overview(catalog.database).measure_sharing(5)
    assert (alone.models, alone.shared, alone.saved_bytes) == (1, 0, 0)
