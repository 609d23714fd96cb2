"""Parts of a pass over texts: what splits them into tokens, and what counts n-grams."""

from pretzel.kernels.text.texts import TextKernel

class Tokenizer(TextKernel):
    """A kernel that points at the tokens of each text."""

class Counter(TextKernel):
    """A kernel that counts n-grams."""
