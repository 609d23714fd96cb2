"""Serves the control RPCs: servicers that translate messages, and the server process."""

from pretzel.control_plane.serve.server import Ready, main, run, serving

__all__ = ["Ready", "main", "run", "serving"]
