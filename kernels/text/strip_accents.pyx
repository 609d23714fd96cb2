"""Texts without accents, as scikit-learn's ``strip_accents_unicode`` and ``strip_accents_ascii`` return them."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve
from pretzel.kernels.text.texts cimport TextKernel, reject_missing

cdef extern from "unicode_tables.h" nogil:
    const uint16_t BASE_INDEX[]
    const uint32_t BASE_BLOCKS[]
    const uint8_t BASE_HEAP[]
    const uint16_t PLAIN_INDEX[]
    const uint32_t PLAIN_BLOCKS[]
    const uint8_t PLAIN_HEAP[]

cdef extern from "mapping.h" nogil:
    ctypedef struct Mapping:
        const uint16_t* index
        const uint32_t* blocks
        const uint8_t* heap
    bint utf8_is_ascii(const uint8_t* p, int64_t length)
    int64_t mapping_text(const Mapping* m, const uint8_t* p, int64_t length, uint8_t* out)


cdef class StripAccents(TextKernel):
    """Each text under NFKD without its combining marks (``unicode``), or without all but ASCII (``ascii``).

    ``str`` in, ``str`` out; an ASCII text is passed on in place.  Rejects a missing text.
    """

    cdef Mapping mapping

    def __init__(self, inputs, output, *, form):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), 1)
        if form == "unicode":
            self.mapping.index, self.mapping.blocks, self.mapping.heap = BASE_INDEX, BASE_BLOCKS, BASE_HEAP
        elif form == "ascii":
            self.mapping.index, self.mapping.blocks, self.mapping.heap = PLAIN_INDEX, PLAIN_BLOCKS, PLAIN_HEAP
        else:
            raise ValueError(f"form: expected unicode or ascii, got {form!r}")

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef Text* out = <Text*>output.values
        cdef uint8_t* free_bytes
        cdef int64_t total = 0, row
        for row in range(frame.rows):
            if texts[row].length < 0:
                return reject_missing(frame, row, &texts[row])
            out[row] = texts[row]
            if not utf8_is_ascii(<const uint8_t*>texts[row].at, texts[row].length):
                out[row].at = NULL
                total += mapping_text(&self.mapping, <const uint8_t*>texts[row].at, texts[row].length, NULL)
        if reserve(&output.own_bytes, total + 64) != OK:
            return OUT_OF_MEMORY
        free_bytes = <uint8_t*>output.own_bytes.at
        for row in range(frame.rows):
            if out[row].at == NULL:
                out[row].at = <const char*>free_bytes
                free_bytes += mapping_text(&self.mapping, <const uint8_t*>texts[row].at, texts[row].length, free_bytes)
                out[row].length = <const char*>free_bytes - out[row].at
        return OK
