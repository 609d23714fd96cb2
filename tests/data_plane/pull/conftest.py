"""The S3 server of the tests."""

from tests.control_plane.conftest import s3

__all__ = ["s3"]
