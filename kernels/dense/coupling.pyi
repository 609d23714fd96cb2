"""Probabilities of classes from those of each against each."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class Coupling(Kernel):
    """The iteration of ``libsvm`` (``multiclass_probability``), in its order, to the bit."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
