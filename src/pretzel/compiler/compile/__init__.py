"""Compile an optimized definition to a plan: kernels over slots, fingerprints, and the objects they need."""

from pretzel.compiler.compile.pipeline import Compiled, compile_plan

__all__ = ["Compiled", "compile_plan"]
