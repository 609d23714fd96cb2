"""Starting servers warns of unknown settings, once."""

import os

import pytest

WARNING = "warning: PRETZEL_MEMORY_BUDGT: unknown setting; did you mean memory_budget?"


@pytest.mark.parametrize("command", ["worker", "control-plane"])
def test_a_misspelled_setting_is_named(run, monkeypatch, command: str):
    monkeypatch.setenv("PRETZEL_MEMORY_BUDGT", "1")
    ran = run(command, "--host", "0.0.0.0")  # rejected before anything starts
    assert (ran.code, ran.err.splitlines()[0]) == (2, WARNING)


def test_pretzel_up_warns_for_its_servers(run, monkeypatch):
    async def ended(servers, ready, started, later) -> int:
        return 0

    monkeypatch.setenv("PRETZEL_MEMORY_BUDGT", "1")
    monkeypatch.setattr("pretzel.cli.up.run", ended)
    starting = "starting a control plane and a worker; models are kept in pretzel-data/"
    assert run("up").err.splitlines() == [starting, WARNING]
    assert run("up", "--json").err.splitlines() == [WARNING]


def test_a_child_of_pretzel_up_does_not_warn_again(run, monkeypatch):
    followed = []
    monkeypatch.setenv("PRETZEL_MEMORY_BUDGT", "1")
    monkeypatch.setenv("PRETZEL_PARENT_PID", str(os.getpid()))
    monkeypatch.setattr("pretzel.serving.parent.die_with", followed.append)
    assert "warning" not in run("worker", "--host", "0.0.0.0").err
    assert followed == [os.getpid()]


def test_other_commands_do_not_warn(run, control, monkeypatch):
    monkeypatch.setenv("PRETZEL_MEMORY_BUDGT", "1")
    assert run("models").err == ""
