"""What all kernels over texts share: a missing text is refused as scikit-learn refuses it."""

cdef extern from "unicode_tables.h":
    const char* VERSION "UNICODE_VERSION"

UNICODE_VERSION = VERSION.decode()
"""The version of Unicode whose letters, cases and decompositions the kernels know: that of their Python."""


cdef class TextKernel(Kernel):
    """A kernel that reads one text a row."""

    def describe(self, code, row, column, value) -> str:
        """Say which row holds no text, in the words of scikit-learn."""
        what = "np.nan" if code == NAN_DOCUMENT else "None"
        return f"row {row}: {what} is an invalid document, expected byte or unicode string."
