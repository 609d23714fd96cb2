"""Tests of importers: whether an estimator is served with its own answers, in every way that Pretzel computes them."""

from pretzel.testing.serving import assert_serves

__all__ = ["assert_serves"]
