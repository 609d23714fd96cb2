"""Announces the steps of the control plane to audit hooks (PEP 578); without a hook, this does nothing."""

from __future__ import annotations

import sys

EVENT = "pretzel.step"
"""Name of the audit event; its argument is the name of the step."""


def reached(step: str) -> None:
    """Announce a step; tests kill the process here, as a power failure would."""
    sys.audit(EVENT, step)
