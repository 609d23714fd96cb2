"""Texts with every match of a pattern replaced, by the tokenizers that find the matches."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.text.fusible cimport Tokenizer
from pretzel.kernels.text.match import Match
from pretzel.kernels.text.tokenize import Tokenize


class _Tokens:
    """The type of the matches: lists of texts."""

    dtype, layout, columns = "str", "ragged", 1


cdef class Substitute(Kernel):
    """Each text with the tokens of a tokenizer replaced: ``str`` in, ``str`` out.  Keeps missing texts.

    Args:
        inputs: one text per row.
        output: one text per row.
        new: what replaces each match.
        tables: the arrays of :class:`pretzel.kernels.text.tokenize.Tokenize` if ``run`` is one of them, else those of
            :class:`pretzel.kernels.text.match.Match`.
    """

    cdef Tokenizer tokenizer
    cdef bytes new_bytes
    cdef const char* new
    cdef int64_t length

    def __init__(self, inputs, output, *, new, **tables):
        typed("result", output, ("str",), 1)
        self.tokenizer = (Tokenize if "run" in tables else Match)(inputs, _Tokens, **tables)
        self.new_bytes = new.encode()
        self.new, self.length = self.new_bytes, len(self.new_bytes)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef Text* out = <Text*>output.values
        cdef int64_t bytes_ = 0, most = 0, row, matches
        cdef char* free_bytes
        for row in range(frame.rows):
            if texts[row].length > 0:
                matches = self.tokenizer.most(texts[row].length)
                most = max(most, matches)
                bytes_ += texts[row].length + matches * self.length
        if reserve(&frame.scratch, (most + 1) * sizeof(Text)) or reserve(&output.own_bytes, bytes_ + 64):
            return OUT_OF_MEMORY
        free_bytes = <char*>output.own_bytes.at
        for row in range(frame.rows):
            out[row].at, out[row].length = free_bytes, texts[row].length
            if texts[row].length > 0:
                free_bytes = self.put(&texts[row], <Text*>frame.scratch.at, free_bytes)
                out[row].length = free_bytes - out[row].at
        return OK

    cdef inline char* put(self, const Text* text, Text* found, char* out) noexcept nogil:
        cdef int64_t count = self.tokenizer.split(text, found), k
        cdef const char* p = text.at
        for k in range(count):
            out = copied(p, found[k].at - p, out)
            out = copied(self.new, self.length, out)
            p = found[k].at + found[k].length
        return copied(p, text.at + text.length - p, out)


cdef inline char* copied(const char* p, int64_t length, char* out) noexcept nogil:
    if length > 0:
        memcpy(out, p, <size_t>length)
        out += length
    return out
