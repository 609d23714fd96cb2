"""Golden verification: run a plan with the real kernels, in a child process, against the library's own outputs."""

from pretzel.control_plane.verify.compare import Tolerance
from pretzel.control_plane.verify.job import Limits, Python, Sample
from pretzel.control_plane.verify.verifier import Verified, Verifier

__all__ = ["Limits", "Python", "Sample", "Tolerance", "Verified", "Verifier"]
