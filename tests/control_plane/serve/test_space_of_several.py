"""Uploads to two control planes over PostgreSQL count together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import grpc

from tests.control_plane.conftest import Postgres
from tests.control_plane.serve.running import SECONDS, control_plane, pieces
from tests.control_plane.store.suite import blob
from tests.identity.servers import Identities


def test_uploads_to_two_control_planes(postgres: Postgres, tmp_path: Path):
    """Of twelve that arrive at the same time, exactly as many are admitted as there is room for."""
    identities = Identities(tmp_path, roles={"team": {"deploy": ["*"], "limits.objects": 5}})
    where = {"catalog": postgres.new(), "store": tmp_path / "objects", "identities": identities.path}
    with ExitStack() as opened:
        servers = [opened.enter_context(control_plane(tmp_path / name, **where)) for name in "ab"]

        def upload(number: int) -> Any:
            call = servers[number % 2].control.UploadObjects
            sent = pieces([blob(1000, seed=number)])
            return call.future(sent, metadata=identities.fields("team"), timeout=SECONDS).exception(SECONDS)

        with ThreadPoolExecutor(12) as threads:
            ended = list(threads.map(upload, range(12)))
        assert ended.count(None) == 5
        for error in filter(None, ended):
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "identity 'team': 5 objects are allowed, 0 are held, 5 wait for a deployment, 1 are new" in str(
                error.details()
            )
