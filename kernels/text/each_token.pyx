"""Kernels of single texts over lists of tokens."""

from libc.stdint cimport int64_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve_ragged
from pretzel.kernels.kernel cimport Kernel

from types import SimpleNamespace

from pretzel.kernels.text.cuts import SliceText, StripText
from pretzel.kernels.text.rewrite import ChangeCase, PadText, ReplaceText, SurroundText
from pretzel.kernels.text.substitute import Substitute

cdef object TEXT = SimpleNamespace(dtype="str", layout="dense", columns=1)


cdef class EachToken(Kernel):
    """A kernel of one text, of the class ``of``, over each token: ``str[*]`` in and out."""

    cdef Kernel inner
    of = Kernel

    def __init__(self, inputs, output, **options):
        typed("x", inputs[0], ("str",), layout="ragged")
        typed("result", output, ("str",), layout="ragged")
        self.inner = self.of((TEXT,), TEXT, **options)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* starts = inputs[0].starts
        cdef int64_t count = starts[frame.rows] - starts[0], rows = frame.rows, row
        cdef Slot tokens
        cdef Slot* read = &tokens
        cdef int status
        if reserve_ragged(frame, output, count) != OK:
            return OUT_OF_MEMORY
        for row in range(rows + 1):
            output.starts[row] = starts[row] - starts[0]
        tokens = inputs[0][0]
        tokens.values = <Text*>inputs[0].values + starts[0]
        frame.rows = count  # for this kernel, each token is a row
        status = self.inner.run(frame, &read, output)
        frame.rows = rows
        return status


class ChangeCaseOfTokens(EachToken):
    """Each token in another case."""

    of = ChangeCase


class StripTokens(EachToken):
    """Each token without characters at its ends."""

    of = StripText


class SliceTokens(EachToken):
    """A part of each token."""

    of = SliceText


class ReplaceInTokens(EachToken):
    """Each token with a text replaced."""

    of = ReplaceText


class PadTokens(EachToken):
    """Each token filled up to a width."""

    of = PadText


class SubstituteInTokens(EachToken):
    """Each token with the matches of a pattern replaced."""

    of = Substitute


class SurroundTokens(EachToken):
    """Each token between two texts."""

    of = SurroundText
