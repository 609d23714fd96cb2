"""Serves the control RPCs: servicers that translate, and the process around them."""

from pretzel.control_plane.serve.server import Ready, main, run, serving

__all__ = ["Ready", "main", "run", "serving"]
