"""The steps at which tests kill the control plane are those that it announces."""

import re
import subprocess
from pathlib import Path

from pretzel.control_plane.steps import EVENT
from tests.helpers import failpoints

ROOT = Path(__file__).parents[2]


def test_every_announced_step_is_known():
    sources = (ROOT / "control_plane").rglob("*.py")
    announced = {step for path in sources for step in re.findall(r'\breached\("(\w+)"\)', path.read_text())}
    assert announced == set(failpoints.STEPS)


def test_a_program_dies_at_its_step_only():
    program = "from pretzel.control_plane.steps import reached; reached('{}'); print('alive')"
    for step, code in (("after_compile", -9), ("after_verify", 0)):
        ran = subprocess.run(failpoints.killed_at("after_compile", program.format(step)), timeout=30)
        assert ran.returncode == code
    assert f'event == "{EVENT}"' in Path(failpoints.__file__).read_text()
