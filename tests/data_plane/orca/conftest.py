"""A serving process whose report the tests renew."""

from tests.data_plane.serve.conftest import front, rows, serving

__all__ = ["front", "rows", "serving"]
