"""Find the one model file of a folder, also of a model that MLflow saved."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from pretzel.errors import InputError, UnsupportedError

MODELS = (".cbm", ".joblib", ".onnx", ".pickle", ".pkl", ".pretzel", ".skops", ".ubj")
"""Extensions that only model files have; JSON and text files are found by their full names only."""
MLMODEL = "MLmodel"
FLAVORS = {"sklearn": "pickled_model", "lightgbm": "data", "xgboost": "data", "catboost": "data", "onnx": "data"}
"""MLflow's flavors, and the key of each that names its file."""


def model_in(folder: Path, label: str) -> Path:
    """Return the model file of a folder.

    Args:
        folder: a folder with one model file, or with MLflow's `MLmodel`.
        label: the folder's name for messages.

    Raises:
        InputError: it has no model file, or several.
        UnsupportedError: MLflow saved it in no flavor that can be read.
    """
    if (folder / MLMODEL).is_file():
        return _of_mlflow(folder, label)
    found = models_in(folder)
    if len(found) != 1:
        names = ", ".join(path.name for path in found[:5]) + (", ..." if len(found) > 5 else "")
        refused = InputError(f"{label}: expected one model file in this folder, found {len(found)}: {names or 'none'}")
        refused.add_note("name the file; `pretzel apply` deploys each file of a folder as a model")
        raise refused
    return found[0]


def models_in(folder: Path) -> list[Path]:
    """Return the files of a folder with an extension of a model, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in MODELS and path.is_file())


def _of_mlflow(folder: Path, label: str) -> Path:
    flavors = _flavors(folder / MLMODEL, label)
    for flavor, key in FLAVORS.items():
        name = flavors.get(flavor, {}).get(key)
        if isinstance(name, str):
            path = (folder / name).resolve()
            if not path.is_relative_to(folder.resolve()) or not path.is_file():
                raise InputError(f"{label}: {MLMODEL} names {name!r}, which is not a file of the folder")
            return path
    raise UnsupportedError(
        f"{label}: MLflow saved this model as {', '.join(sorted(flavors)) or 'nothing'};"
        f" expected one of {', '.join(FLAVORS)}"
    )


def _flavors(path: Path, label: str) -> dict[str, Any]:
    try:
        yaml = import_module("yaml")
    except ModuleNotFoundError:
        raise UnsupportedError(f"{label}: {MLMODEL} needs PyYAML; pip install 'pretzel[sources]'") from None
    try:
        document = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{label}: {MLMODEL} is damaged ({' '.join(str(error).split())})") from None
    flavors = document.get("flavors") if isinstance(document, dict) else None
    if not isinstance(flavors, dict) or not all(isinstance(flavor, dict) for flavor in flavors.values()):
        raise InputError(f"{label}: {MLMODEL} has no table of flavors")
    return flavors
