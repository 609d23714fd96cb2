"""Kernels of single texts over lists of tokens."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class EachToken(Kernel):
    """A kernel of one text over each token."""

    of: type[Kernel]
    def __init__(self, inputs: tuple[Any, ...], output: Any, **options: Any) -> None: ...

class ChangeCaseOfTokens(EachToken):
    """Each token in another case."""

class StripTokens(EachToken):
    """Each token without characters at its ends."""

class SliceTokens(EachToken):
    """A part of each token."""

class ReplaceInTokens(EachToken):
    """Each token with a text replaced."""

class PadTokens(EachToken):
    """Each token filled up to a width."""

class SubstituteInTokens(EachToken):
    """Each token with the matches of a pattern replaced."""

class SurroundTokens(EachToken):
    """Each token between two texts."""
