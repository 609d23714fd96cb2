"""Class probabilities from pairwise (one against one) probabilities."""

from typing import Any

from pretzel.kernels.kernel import Kernel

class Coupling(Kernel):
    """The iteration of ``libsvm`` (``multiclass_probability``), in its order, bit for bit."""

    def __init__(self, inputs: tuple[Any, ...], output: Any) -> None: ...
