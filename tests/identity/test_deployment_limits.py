"""Deployments per minute: the bucket against exact numbers, and a real control plane."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel import ControlPlane, errors
from pretzel.control_plane.serve.quotas import LIMIT, Deployed
from pretzel.serving.identity.caller import Caller
from pretzel.serving.identity.limits import Limits
from tests.control_plane.serve.running import control_plane, definition
from tests.identity.calling import fetched
from tests.identity.servers import SECONDS, Identities

METHOD = "DeployModel"


def caller(most: float, name: str = "team") -> Caller:
    return Caller(name, {}, contact="ops", limits=Limits(deployments_per_minute=most))


@given(
    most=st.integers(1, 600),
    pauses=st.lists(st.integers(0, 2**16), min_size=1, max_size=60),
)
def test_the_bucket_admits_what_exact_numbers_admit(most: int, pauses: list[int]):
    """The clock moves by parts of a second that doubles have, and the rate need not be one of them."""
    now = 0.0
    deployed, team = Deployed(lambda: now), caller(most)
    level = Fraction(0)
    slack = Fraction(1, 10**6)
    for pause in pauses:
        passed = pause / 2**10
        now += passed
        level = max(Fraction(0), level - Fraction(passed) * most / 60)
        try:
            deployed.charge(team)
        except errors.ExhaustedError as error:
            assert level + 1 > most - slack and error.retry_after is not None
            assert level - Fraction(error.retry_after) * most / 60 + 1 <= most + slack
        else:
            level += 1
            assert level <= most + slack
    deployed.charge(caller(most, "another"))


def test_a_limit_of_zero_names_no_time():
    deployed = Deployed()
    with pytest.raises(
        errors.ExhaustedError, match=r"0 deployments per minute are allowed \(deploy.*\); ops"
    ) as raised:
        deployed.charge(caller(0))
    assert raised.value.retry_after is None and deployed.refused == {LIMIT: 1}
    deployed.charge(Caller("free", {}))
    deployed.charge_present()  # as without identities


def test_empty_buckets_are_dropped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pretzel.control_plane.serve.quotas.MOST_KEPT", 1)
    now = 0.0
    deployed = Deployed(lambda: now)
    for name in "abc":
        deployed.charge(caller(1, name))
    with pytest.raises(errors.ExhaustedError):
        deployed.charge(caller(1, "a"))
    now = 61.0
    deployed.charge(caller(1, "d"))
    assert list(deployed._until) == ["d"]


def test_a_control_plane(tmp_path: Path):
    """The second deployment is refused before it starts, and the file lifts the limit without a restart."""
    roles: dict[str, dict[str, object]] = {"team": {"deploy": ["*"]}, "root": {"administer": ["*"]}}
    roles["held"] = {"deploy": ["*"], "limits.models": 1, "limits.versions": 2}
    limited = {**roles, "team": {"deploy": ["*"], f"limits.{LIMIT}": 0.1}}
    identities = Identities(tmp_path, roles=limited)
    with control_plane(tmp_path / "data", identities=identities.path) as control:
        address, tokens = control.ready["address"], identities.tokens
        with (
            ControlPlane(address, token=tokens["team"], timeout=5) as team,
            ControlPlane(address, token=tokens["root"], timeout=SECONDS) as root,
        ):
            team.deploy("a", definition(0))
            said = r"identity 'team': 0.1 deployments per minute are allowed, and are used .*; retry in \d"
            with pytest.raises(errors.ExhaustedError, match=said):
                team.deploy("b", definition(1))
            root.deploy("c", definition(1))
            assert [model.name for model in root.models()] == ["a", "c"]
            (record,) = root.audit(who="team", outcome="failed")
            assert record.method == METHOD and record.code == "RESOURCE_EXHAUSTED" and LIMIT in record.message
            metrics = fetched(f"http://127.0.0.1:{control.ready['metrics_port']}/metrics", "GET", [])[1]
            assert f'pretzel_control_limit_refusals_total{{limit="{LIMIT}"}} 1.0' in metrics
            identities.write(roles)
            end = time.monotonic() + SECONDS
            while True:
                try:
                    team.deploy("b", definition(1))
                    break
                except errors.ExhaustedError:
                    assert time.monotonic() < end
            holding(address, tokens["held"], root)
            metrics = fetched(f"http://127.0.0.1:{control.ready['metrics_port']}/metrics", "GET", [])[1]
            for limit in ("models", "versions"):
                assert f'pretzel_control_limit_refusals_total{{limit="{limit}"}} 1.0' in metrics


def holding(address: str, token: str, root: ControlPlane) -> None:
    """Deploy up to limits of models and versions, and again after another identity has deleted some."""
    with ControlPlane(address, token=token, timeout=SECONDS) as held:
        held.deploy("d", definition(0))
        with pytest.raises(errors.ExhaustedError, match=r"'held': 1 models are allowed, and 1 are held; .* \(models\)"):
            held.deploy("e", definition(0))
        held.deploy("b", definition(2))  # a model of another identity
        held.deploy("d", definition(0))  # it exists already
        with pytest.raises(errors.ExhaustedError, match=r"2 versions are allowed, and 2 are held; .* \(versions\)"):
            held.deploy("d", definition(1))
        record = root.audit(who="held", outcome="failed")[0]
        assert record.code == "RESOURCE_EXHAUSTED"
        root.delete("d", force=True)
        held.deploy("e", definition(1))
        assert [model.name for model in root.models()] == ["a", "b", "c", "e"]
