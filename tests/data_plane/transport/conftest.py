"""A serving process whose parts both paths share."""

from __future__ import annotations

from tests.data_plane.serve.conftest import roomy, rows, serving

__all__ = ["roomy", "rows", "serving"]
