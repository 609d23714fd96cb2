"""Parts of a pass over texts: tokenizers, and counters of n-grams."""

from pretzel.kernels.text.texts import TextKernel

class Tokenizer(TextKernel):
    """A kernel that points at the tokens of each text."""

class Counter(TextKernel):
    """A kernel that counts n-grams."""
