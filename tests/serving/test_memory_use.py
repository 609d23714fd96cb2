"""Memory in use, by the files of control groups and of the machine as the kernel writes them."""

from __future__ import annotations

import pytest

from pretzel.serving.memory_use import of_groups, of_machine, used_memory


def group(folder, limit, usage, stat="anon 5\ninactive_file 0\n"):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("memory.max", limit), ("memory.current", usage), ("memory.stat", stat)):
        (folder / name).write_text(text)


def test_a_group_without_a_limit(tmp_path):
    group(tmp_path / "a", "max\n", "123\n")
    assert of_groups("/a", tmp_path) == 0
    assert of_groups("/absent", tmp_path) == 0


def test_cached_files_make_room(tmp_path):
    group(tmp_path, "1000\n", "800\n", "anon 500\ninactive_file 300\nactive_file 0\n")
    assert of_groups("/", tmp_path) == 0.5


def test_the_fullest_of_the_ancestors_counts(tmp_path):
    group(tmp_path / "a", "1000\n", "900\n")
    group(tmp_path / "a" / "b", "500\n", "100\n")
    assert of_groups("/a/b", tmp_path) == 0.9


def test_the_first_version(tmp_path):
    folder = tmp_path / "memory"
    folder.mkdir()
    (folder / "memory.limit_in_bytes").write_text("1000\n")
    (folder / "memory.usage_in_bytes").write_text("600\n")
    (folder / "memory.stat").write_text("cache 1\ntotal_inactive_file 200\n")
    assert of_groups("/", tmp_path) == 0.4


@pytest.mark.parametrize("text", ["", "nonsense", "-5", "1 2", "²"])
def test_unknown_texts_are_no_limit(tmp_path, text):
    group(tmp_path, text, "600", "nonsense\ninactive_file x\n")
    assert of_groups("/", tmp_path) == 0


def test_the_machine(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  1000 kB\nMemFree:  1 kB\nMemAvailable:  250 kB\n")
    assert of_machine(meminfo) == 0.75
    meminfo.write_text("MemTotal:\nnonsense\n")
    assert of_machine(meminfo) == 0
    assert of_machine(tmp_path / "absent") == 0


def test_here():
    assert 0 < used_memory() < 2
