"""The Dockerfile, read without a daemon: its stages, its user, and that all copied files exist."""

import fnmatch
import json
import re
import tomllib

import pytest

from tests.deploy.manifests import DEPLOY

ROOT = DEPLOY.parent
INSTRUCTIONS = set(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split()
)


def instructions():
    """Return (instruction, argument) for each line, with continued lines joined and comments removed."""
    lines = [line for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in "\n".join(lines).replace("\\\n", " ").splitlines()]


def stages():
    """Return the instructions of each stage under its name."""
    by_name, current = {}, None
    for name, argument in instructions():
        if name == "FROM":
            current = by_name.setdefault(argument.partition(" AS ")[2], [])
        if current is not None:
            current.append((name, argument))
    return by_name


def last(stage, name):
    return [argument for instruction, argument in stages()[stage] if instruction == name][-1]


def test_instructions_exist():
    assert {name for name, _ in instructions()} <= INSTRUCTIONS


def test_stages():
    assert list(stages()) == ["builder", "runtime"]
    bases = {argument.split()[0] for name, argument in instructions() if name == "FROM"}
    assert len(bases) == 1, "the virtual environment moves only between equal bases"


def test_base_image_is_slim_and_of_a_supported_python():
    [version] = re.findall(r"^ARG PYTHON=(.+)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert tuple(map(int, version.split("."))) >= tuple(map(int, wanted.removeprefix(">=").split(".")))
    assert "slim" in last("runtime", "FROM")


def test_runs_as_an_unprivileged_user():
    user, group = map(int, last("runtime", "USER").split(":"))
    assert user > 0 and group > 0
    order = [name for name, _ in stages()["runtime"]]
    assert order.index("USER") < order.index("ENTRYPOINT")


def test_the_image_has_no_compiler():
    assert "gcc" in " ".join(argument for name, argument in stages()["builder"] if name == "RUN")
    assert not re.search(r"gcc|apt-get|pip", " ".join(argument for _, argument in stages()["runtime"]))


def test_the_entry_point_is_installed():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert json.loads(last("runtime", "ENTRYPOINT")) == [*scripts] == ["pretzel"]


def test_extras_exist():
    [extras] = re.findall(r"pretzel\[([\w,]+)\]", last("builder", "RUN"))
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {*extras.split(",")} <= known.keys() and "sklearn" not in extras


def test_health_check_is_copied_where_it_is_called():
    [program] = json.loads(last("runtime", "HEALTHCHECK").partition("CMD ")[2])
    copies = [argument.split() for name, argument in stages()["runtime"] if name == "COPY"]
    assert ["deploy/health.py", f"/usr/local/bin/{program}"] in [words[-2:] for words in copies]


def test_exposes_the_default_ports():
    assert last("runtime", "EXPOSE").split() == ["8001", "8002", "8080", "8101"]


def ignore():
    return [line for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line and line[0] != "#"]


def test_the_context_holds_the_files_of_the_build():
    paths = {line[1:] for line in ignore() if line.startswith("!")}
    assert all((ROOT / path).exists() for path in paths)
    linked = {
        link.resolve().relative_to(ROOT).parts[0] for link in (ROOT / "src/pretzel").iterdir() if link.is_symlink()
    }
    assert linked | {"src", "setup.py", "pyproject.toml", "README.md", "LICENSE", "deploy/health.py"} <= paths


@pytest.mark.parametrize("path", [".git", ".venv", "build", "tests", "pretzel.env"])
def test_the_context_holds_nothing_else(path):
    included = [line[1:] for line in ignore() if line.startswith("!")]
    assert ignore()[0] == "*" and not any(fnmatch.fnmatch(path, pattern) for pattern in included)
