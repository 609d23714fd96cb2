"""Commands for the store."""

import json
import os

import pytest

from pretzel.client import AsyncControlPlane, ControlPlane


def test_gc(run, control):
    assert run("gc").out == "3 objects, 2.0 KiB removed\n"
    assert run("gc", "--dry-run").out == "3 objects, 0 B would be removed\n"
    assert run("gc", "--json").json == {"objects": 3, "bytes": 2048, "dry_run": False}


def test_gc_without_a_catalog(run, control):
    control.in_use = "collection: the objects have lost their catalog"
    ran = run("gc")
    assert ran.code == 6
    assert "the objects have lost their catalog\nhelp: `pretzel fsck --repair` checks" in ran.err


def test_fsck_of_a_running_control_plane(run, control):
    address = os.environ["PRETZEL_CONTROL_PLANE"]
    assert (run("fsck", "--address", address).code, run("fsck", "--address", address).out) == (0, "sound\n")
    control.findings = ["m@1"]
    ran = run("fsck", "--address", address)
    assert (ran.code, ran.out) == (1, "m@1: torn; repair it\n1 findings, 1 left to repair\n")
    ran = run("fsck", "--address", address, "--repair", "--json")
    assert ran.code == 0
    assert json.loads(ran.out) == {"path": "m@1", "problem": "torn", "remedy": "repair it", "repaired": True}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "expected --data-dir, --cache or --address"),
        (("--data-dir", "/nowhere"), 6, "/nowhere: not the data directory of a control plane"),
    ],
)
def test_fsck_of_nothing(run, arguments, code, message):
    ran = run("fsck", *arguments)
    assert ran.code == code
    assert message in ran.err


def test_models_show_held_back_versions(run, control):
    control.held = [("a", "w1", "no space left on the device")]
    ran = run("models")
    assert ran.code == 0
    assert "warning: a: worker w1 does not serve the published version: no space left on the device" in ran.err


async def test_both_clients_return_the_same(control):
    address = os.environ["PRETZEL_CONTROL_PLANE"]
    control.held, control.findings = [("a", "w1", "full")], ["m@1"]
    with ControlPlane(address) as plane:
        findings = []
        blocking = (plane.collect_garbage(), plane.check_store(findings.append), plane.held_back(), findings)
    async with AsyncControlPlane(address) as plane:
        findings = []
        awaited = (
            await plane.collect_garbage(),
            await plane.check_store(findings.append),
            await plane.held_back(),
            findings,
        )
    assert blocking == awaited
    assert blocking[2][0].reason == "full"
