"""CatBoost's JSON files."""

from pretzel.importers import export
from pretzel.importers.catboost.native import read
from tests.fuzz.forms import JSON
from tests.fuzz.targets.catboost_cbm import models, saved

FORM = JSON


def seeds() -> list[bytes]:
    from tests.importers.catboost.models import mixed

    return [saved(model, "json") for model in (*models()[:2], mixed(one_hot_max_size=20, iterations=2, depth=2))]


def run(data: bytes) -> None:
    export(read(data))
