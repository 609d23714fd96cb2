"""The committed table of estimators has a cause for every estimator that is slower than its library, and no other."""

from benchmarks.estimators.causes import CAUSES
from benchmarks.estimators.table import PAGE, SLOWER, page
from benchmarks.harness import read

MEASURED = list(read(PAGE.with_suffix(".json")))


def test_every_slower_estimator_has_a_cause():
    slower = {row.name.partition(".")[0] for row in MEASURED if row.ratio < SLOWER}
    assert slower == set(CAUSES)


def test_the_page_matches_the_measurements():
    assert PAGE.read_text() == page(MEASURED)


def test_every_library_is_in_the_table():
    assert {row.rival for row in MEASURED} == {"sklearn", "lightgbm", "xgboost", "catboost"}
    assert len({row.name.partition(".")[0] for row in MEASURED if row.rival == "sklearn"}) >= 150
