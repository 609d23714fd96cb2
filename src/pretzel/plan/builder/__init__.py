"""Build graphs by methods: a value with a type, and a method for each step over it, checked where it is written."""

from pretzel.plan.builder.arrays import array_of as array
from pretzel.plan.builder.describing import describe
from pretzel.plan.builder.value import Value, apply, concat, input, of, where

__all__ = ["Value", "apply", "array", "concat", "describe", "input", "of", "where"]
