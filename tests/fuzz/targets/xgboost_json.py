"""XGBoost's JSON files."""

from pretzel.importers import export
from pretzel.importers.xgboost.native import read
from tests.fuzz.forms import JSON

FORM = JSON


def seeds() -> list[bytes]:
    from tests.importers.xgboost import test_document as documents  # trains a model

    return [documents.JSON]


def run(data: bytes) -> None:
    export(read(data))
