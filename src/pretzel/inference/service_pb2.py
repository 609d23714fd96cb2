"""The messages of ``inference/service.proto``; their types are in the stub file of this module."""

from pretzel.inference.pool import names_of

globals().update(names_of("inference/service.proto"))
