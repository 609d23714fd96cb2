"""Importers are loaded by the module of an estimator's class: all that it needs, and no others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import pretzel.importers.sklearn as family
from pretzel.importers.sklearn import MODULES

REGISTERING = ("@imports(", "@hands_on(", "refuses(", "@own_class(")
ALONE = """
import importlib, json, os, sys
import sklearn.experimental.enable_halving_search_cv
import sklearn.experimental.enable_iterative_imputer
from pretzel.importers import answers, families, polars_float32, registry, rounding, small_integers

def registered(package):
    from pretzel.importers.sklearn.common import handing
    by_class = {
        "importers": registry.IMPORTERS, "inputs": registry.INPUTS_OF, "entries": registry.ENTRIES,
        "refused": registry.REFUSED, "handing on": handing.HANDING_ON, "as given": handing.READ_AS_GIVEN,
        "thresholds": rounding.READERS, "divisions": rounding.DIVIDERS, "arrays": small_integers.FITTED_ARRAYS,
        "widening": polars_float32.WIDENING, "containers": polars_float32.CONTAINERS, "inner": answers.INNER,
        "answers": {kind for _, kind in answers.ANSWERS},
    }
    return {
        name: sorted(kind.__qualname__ for kind in classes if f"{kind.__module__}.".startswith(f"sklearn.{package}."))
        for name, classes in by_class.items()
    }

packages = sorted({name for theirs in families.sklearn.MODULES.values() for name in theirs.split()})
for package in packages:
    importlib.import_module(f"sklearn.{package}")
alone = {}
for package in packages:
    reader, writer = os.pipe()
    if not os.fork():
        families.load_family(type("Estimator", (), {"__module__": f"sklearn.{package}._module"}))
        with os.fdopen(writer, "w") as file:
            json.dump([registered(package), list(sys.modules)], file)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        alone[package] = json.load(file)
    os.wait()
families.load_family(type("Estimator", (), {"__module__": "sklearn.base"}))
families.load_rest()
print(json.dumps([alone, {package: registered(package) for package in packages}]))
"""


@pytest.fixture(scope="module")
def loaded() -> tuple[dict[str, Any], dict[str, Any]]:
    """The names that each module of scikit-learn registers and loads in a process of its own, and those of all."""
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=120, check=True)
    alone, whole = json.loads(done.stdout)
    return alone, whole


def test_a_module_of_scikit_learn_loads_all_that_its_classes_need(loaded: Any) -> None:
    alone, whole = loaded
    assert sum(len(classes) for classes in whole["linear_model"].values()) > 30
    registered = {package: classes for package, (classes, _) in alone.items()}
    assert registered == whole, "a module of importers registers classes of a module that MODULES does not give it"


def test_a_linear_model_loads_neither_trees_nor_the_tracer(loaded: Any) -> None:
    modules, ours = set(loaded[0]["linear_model"][1]), "pretzel.importers."
    assert f"{ours}sklearn.linear_model.linear" in modules
    assert not modules & {f"{ours}{name}" for name in ("sklearn.ensemble.trees", "sklearn.tree", "tracing.trace")}


def test_each_module_that_registers_is_in_the_table() -> None:
    root = Path(family.__file__).parent
    names = {
        ".".join(path.relative_to(root).with_suffix("").parts)
        for path in root.rglob("*.py")
        if any(line.startswith(REGISTERING) for line in path.read_text().splitlines())
    }
    assert names == MODULES.keys()
