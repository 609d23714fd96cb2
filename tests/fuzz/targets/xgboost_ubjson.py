"""XGBoost's UBJSON files."""

from pretzel.importers import export
from pretzel.importers.xgboost.native import read


def seeds() -> list[bytes]:
    from tests.importers.xgboost import test_document as documents  # trains a model

    return [documents.UBJSON]


def run(data: bytes) -> None:
    export(read(data))
