"""Imports that import-linter cannot check: Cython sources, and the modules that `import pretzel` loads."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ["kernels", "control_plane", "data_plane"]
IMPORT = re.compile(r"^\s*(?:from\s+(?P<parent>[\w.]+)\s+c?import\s+(?P<names>.+)|c?import\s+(?P<modules>.+))$")
HEAVY = ["numpy", "grpc", "google.protobuf", "scipy", "sklearn", "pandas", "pretzel.plan", "pretzel.client"]


def cython_sources() -> list[Path]:
    return sorted(path for room in ROOMS for end in ("pyx", "pxd") for path in (ROOT / room).rglob(f"*.{end}"))


def logical_lines(text: str) -> list[str]:
    """Return the source lines without comments, with continued lines and bracketed imports joined."""
    text = re.sub(r"#.*", "", text).replace("\\\n", " ")
    text = re.sub(r"(import\s*)\(([^)]*)\)", lambda m: m[1] + " ".join(m[2].split()), text)
    return [part.strip() for line in text.splitlines() for part in line.split(";")]


def imported_modules(text: str) -> set[str]:
    """Return every name that a Cython source imports or cimports, with its module, dotted."""
    imported = set()
    for line in logical_lines(text):
        if match := IMPORT.match(line):
            prefix = f"{match['parent']}." if match["parent"] else ""
            names = (match["names"] or match["modules"]).split(",")
            imported |= {prefix + name.split(" as ")[0].strip() for name in names if name.strip()}
    return imported


BELOW = {
    "kernels": ["kernels"],
    "data_plane": ["data_plane", "serving", "engine", "kernels", "plan", "errors"],
}
"""Parts of Pretzel that the Cython sources of a room may import.  Kernels know arrays and no plans; messages are spoken
by their bytes, without the stubs."""
ABOVE = {
    "traffic": ["transport", "oip", "rest", "serve", "supervise"],
    "transport": ["oip", "serve", "supervise"],
    "oip": ["serve", "supervise"],
}
"""Parts of the data plane that its Cython sources may not import, by their own part."""


def forbidden_imports(text: str, room: str = "kernels") -> set[str]:
    """Return the imports that a source of this room must not have: other parts, relative ones, and bare rooms."""
    allowed = tuple(f"pretzel.{part}." for part in BELOW[room])
    return {
        name
        for name in imported_modules(text)
        if name.startswith(".")
        or name.split(".")[0] in ROOMS
        or (name.split(".")[0] == "pretzel" and not f"{name}.".startswith(allowed))
    }


@pytest.mark.parametrize("source", cython_sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_cython_imports_only_lower_layers(source: Path):
    assert not forbidden_imports(source.read_text(), source.relative_to(ROOT).parts[0])


def imports_from_above(text: str, part: str) -> set[str]:
    """Return the imports of a source in this part of the data plane from those above it."""
    above = tuple(f"pretzel.data_plane.{name}." for name in ABOVE[part])
    return {name for name in imported_modules(text) if f"{name}.".startswith(above)}


READER = ("data_plane", "canonical.pyx")
"""The reader of plans and catalogs, which a first call of a model waits for."""


def test_cython_lives_in_kernels_on_the_hot_path_and_in_a_reader():
    sources = {path.relative_to(ROOT).parts for path in cython_sources()} - {READER}
    assert all(parts[0] == "kernels" or (parts[0] == "data_plane" and parts[1] in ABOVE) for parts in sources)


@pytest.mark.parametrize("part", ABOVE)
def test_the_hot_path_imports_nothing_from_above(part: str):
    sources = [path for path in cython_sources() if path.relative_to(ROOT).parts[:2] == ("data_plane", part)]
    assert sources
    assert not {name for path in sources for name in imports_from_above(path.read_text(), part)}


@pytest.mark.parametrize(
    ("text", "part", "names"),
    [
        ("from pretzel.data_plane.oip.backend import number_of", "oip", set()),
        (
            "from pretzel.data_plane.oip.backend import number_of",
            "transport",
            {"pretzel.data_plane.oip.backend.number_of"},
        ),
        ("from pretzel.data_plane import serve", "oip", {"pretzel.data_plane.serve"}),
        ("cimport pretzel.data_plane.transport.wire", "oip", set()),
    ],
)
def test_imports_from_above(text: str, part: str, names: set[str]):
    assert imports_from_above(text, part) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cimport numpy as np", set()),
        ("from libc.math cimport exp, log", set()),
        ("from pretzel.kernels.program cimport Kernel, Frame", set()),
        ("from pretzel.kernels cimport frame", set()),
        ("from pretzel import kernels", set()),
        ("cimport pretzel.kernels.frame as frame", set()),
        ("# from pretzel.plan import Node", set()),
        ("from pretzel.plan import Node", {"pretzel.plan.Node"}),
        ("from pretzel import (\n    kernels_too, errors,\n)", {"pretzel.kernels_too", "pretzel.errors"}),
        ("import os; import pretzel.engine", {"pretzel.engine"}),
        ("def f():\n    import pretzel.errors as e", {"pretzel.errors"}),
        ("from pretzel.plan \\\n    import types", {"pretzel.plan.types"}),
        ("from .frame cimport Frame", {".frame.Frame"}),
        ("cimport kernels.frame", {"kernels.frame"}),
    ],
)
def test_forbidden_imports(text: str, names: set[str]):
    assert forbidden_imports(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("from pretzel.kernels.frame cimport Frame", set()),
        ("from pretzel.engine import Executable", set()),
        ("from pretzel.errors import InputError", set()),
        ("from pretzel.v1 import prediction_pb2", {"pretzel.v1.prediction_pb2"}),
        ("from pretzel.compiler.compile import compile_plan", {"pretzel.compiler.compile.compile_plan"}),
        ("import pretzel.control_plane", {"pretzel.control_plane"}),
    ],
)
def test_forbidden_imports_of_the_transport(text: str, names: set[str]):
    assert forbidden_imports(text, "data_plane") == names


def loaded_after(statement: str) -> list[str]:
    """Return the modules that a new interpreter has loaded after a statement."""
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def test_import_pretzel_is_lazy():
    assert not {*loaded_after("import pretzel")} & {*HEAVY}


def test_public_names_are_listed_before_they_are_loaded():
    loaded = loaded_after("import pretzel; assert {*dir(pretzel)} >= {'compile', 'Client', *pretzel.__all__}")
    assert not {*loaded} & {*HEAVY}


def test_errors_are_available_before_another_name_is_used():
    loaded = loaded_after("import pretzel; assert pretzel.errors.InputError.__module__ == 'pretzel.errors'")
    assert not {*loaded} & {*HEAVY}


def test_unknown_public_name():
    import pretzel

    with pytest.raises(AttributeError, match="module 'pretzel' has no attribute 'compiel'"):
        pretzel.compiel  # noqa: B018
