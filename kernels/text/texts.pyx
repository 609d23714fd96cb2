"""The base of kernels over texts: it rejects a missing text as scikit-learn does."""

cdef extern from "unicode_tables.h":
    const char* VERSION "UNICODE_VERSION"

UNICODE_VERSION = VERSION.decode()
"""The version of Unicode whose classes, cases and decompositions the kernels use: that of their Python."""


cdef class TextKernel(Kernel):
    """A kernel that reads one text per row."""

    def describe(self, code, row, column, value) -> str:
        """Describe the row without a text, in the words of scikit-learn."""
        missing = "np.nan" if code == NAN_DOCUMENT else "None"
        return f"row {row}: {missing} is an invalid document, expected byte or unicode string."
