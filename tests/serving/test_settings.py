"""Unknown settings: each is reported, with the most similar known name."""

import re
from pathlib import Path

import pytest

from pretzel.control_plane.settings import Settings as ControlPlane
from pretzel.data_plane.settings import Settings as Worker
from pretzel.serving.settings import NO_SETTINGS, unknown

ROOT = Path(__file__).parents[2]
READERS = ["control_plane", "data_plane", "kernels", "src/pretzel", "benchmarks", "tests/helpers", "setup.py"]
SETTINGS = {*ControlPlane.model_fields, *Worker.model_fields}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment with only the variables of the test."""
    variables: dict[str, str] = {}
    monkeypatch.setattr("os.environ", variables)
    return variables


@pytest.mark.parametrize(
    ("variable", "remedy"),
    [
        ("PRETZEL_MEMORY_BUDGT", "did you mean memory_budget?"),
        ("pretzel_controlport", "did you mean control_port?"),
        ("PRETZEL_SERVR", "did you mean server?"),
        ("PRETZEL_", "`pretzel worker --help` and `pretzel control-plane --help` list them"),
        ("PRETZEL_ZZZ", "`pretzel worker --help` and `pretzel control-plane --help` list them"),
    ],
)
def test_a_variable_that_nothing_reads(environment: dict[str, str], variable: str, remedy: str):
    environment[variable] = "1"
    assert list(unknown(ControlPlane, Worker)) == [f"{variable}: unknown setting; {remedy}"]


@pytest.mark.parametrize("variable", ["PRETZEL_PIN", "pretzel_data_dir", "PRETZEL_CPU", "PATH", "OTHER_PRETZEL_X"])
def test_variables_of_pretzel_or_of_another_program(environment: dict[str, str], variable: str):
    environment[variable] = "1"
    assert list(unknown(ControlPlane, Worker)) == []


def test_keys_of_the_file_that_nothing_reads(environment: dict[str, str], tmp_path: Path):
    file = tmp_path / "pretzel.toml"
    file.write_text('port = 1\ncontrol_port = 2\nqueue_limits = 3\nPORT = 4\ncpu = "scalar"\n[tls]\ncert = "x"\n')
    environment["PRETZEL_CONFIG"] = str(file)
    said = list(unknown(ControlPlane, Worker))
    assert [line.partition(" in ")[0] for line in said] == ["PORT", "cpu", "queue_limits", "tls"]
    assert said[0] == f"PORT in {file}: unknown setting; did you mean port?"
    assert said[2] == f"queue_limits in {file}: unknown setting; did you mean queue_limit?"


@pytest.mark.parametrize("content", [None, b"port =", b"\xff"])
def test_a_file_that_cannot_be_read_has_no_keys(environment: dict[str, str], tmp_path: Path, content: bytes | None):
    file = tmp_path / "pretzel.toml"
    if content is not None:
        file.write_bytes(content)
    environment["PRETZEL_CONFIG"] = str(file)
    assert list(unknown(ControlPlane, Worker)) == []


def test_every_variable_that_the_sources_read_is_known():
    sources = [path for reader in READERS for path in (ROOT / reader, *(ROOT / reader).rglob("*.py*"))]
    texts = [path.read_text() for path in sources if path.suffix in (".py", ".pyx")]
    read = {name.lower() for text in texts for name in re.findall(r'"PRETZEL_([A-Z_]+)"', text)}
    assert read - SETTINGS == NO_SETTINGS
