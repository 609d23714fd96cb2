"""A disk and a machine that fail at each step of writing: the object is absent or whole, and the error correct."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pretzel.control_plane.store import DirectoryStore, directory
from pretzel.errors import CorruptObjectError
from pretzel.plan.digest import Digest
from tests.control_plane.store.suite import blob
from tests.helpers.interposed import ALL, Faults

PROGRAM = """
import json, sys
from pathlib import Path
from pretzel.control_plane.store import DirectoryStore
from pretzel.errors import PretzelError
from pretzel.plan.digest import Digest
root, rules = Path(sys.argv[1]), Path(sys.argv[2])
data = bytes(range(256)) * 1000
digest = Digest.of(data)

def put(line):
    store = DirectoryStore(root / str(len(list(root.iterdir()))) / "objects")
    rules.write_text(line)
    try:
        store.put(digest, data)
        said = ["OK", ""]
    except PretzelError as error:
        said = [error.code, str(error)]
    missing = bool(store.missing([digest]))
    rules.write_text("")
    store.put(digest, data)
    return [*said, missing, bytes(store.get(digest)) == data, len(list(store.incoming.iterdir()))]

print(json.dumps({line: put(line) for line in json.loads(sys.argv[3])}))
"""
STEPS = [("open", "incoming"), ("write", "incoming"), ("fsync", "incoming"), ("rename", "/"), ("syncdir", "objects")]
FULL = {errno.ENOSPC, errno.EDQUOT}
NUMBERS = [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENOMEM]


SHORT = f"write short {ALL} incoming\n"


def failing(call: str, part: str, number: int) -> str:
    """Return the rule for a step that fails."""
    return f"{call} {number} {ALL} {part}\n"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    """The outcome of each rule, in a store of its own: all in one process."""
    faults, root = Faults(tmp_path_factory.mktemp("faults")), tmp_path_factory.mktemp("stores")
    lines = [SHORT, *(failing(*step, number) for step in STEPS for number in NUMBERS)]
    command = [sys.executable, "-P", "-c", PROGRAM, str(root), str(faults.control), json.dumps(lines)]
    ran = subprocess.run(command, env=os.environ | faults.environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("number", NUMBERS, ids=errno.errorcode.get)
@pytest.mark.parametrize(("call", "part"), STEPS)
def test_a_failing_step(results: dict[str, list[object]], call: str, part: str, number: int):
    code, message, missing, repaired, left = results[failing(call, part, number)]
    assert code == ("RESOURCE_EXHAUSTED" if number in FULL else "UNAVAILABLE")
    assert os.strerror(number) in message
    assert "upload it again" in message
    assert (missing, repaired, left) == (True, True, 0)


def test_a_disk_that_writes_short(results: dict[str, list[object]]):
    """A short write is continued."""
    assert results[SHORT] == ["OK", "", False, True, 0]


def test_a_disk_that_returns_other_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store, data = DirectoryStore(tmp_path / "objects"), blob(100_000)
    monkeypatch.setattr(directory, "write_all", lambda descriptor, piece: os.write(descriptor, bytes(len(piece))))
    with pytest.raises(CorruptObjectError, match="the disk returned other bytes than were written; upload it again"):
        store.put(Digest.of(data), data)
    monkeypatch.undo()
    assert store.missing([Digest.of(data)])
    assert list(store.incoming.iterdir()) == []
    assert store.put(Digest.of(data), data)
