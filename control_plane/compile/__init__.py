"""Turns an optimized definition into a plan: kernels over slots, fingerprints, and the objects they need."""

from pretzel.control_plane.compile.pipeline import Compiled, compile_plan

__all__ = ["Compiled", "compile_plan"]
