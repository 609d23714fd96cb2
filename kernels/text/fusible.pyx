"""Parts of a pass over texts: tokenizers, and counters of n-grams."""

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, extend_sparse, reserve_ragged, reserve_sparse
from pretzel.kernels.text.rows cimport Row
from pretzel.kernels.text.texts cimport reject_missing


cdef class Tokenizer(TextKernel):
    """A kernel that points at the tokens of each text: ``str`` in, ``str[*]`` out.  Rejects a missing text."""

    cdef int64_t most(self, int64_t length) noexcept nogil:
        return 0

    cdef int64_t split(self, const Text* text, Text* out) noexcept nogil:
        return 0

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef int64_t most = 0, written = 0, row
        for row in range(frame.rows):
            if texts[row].length < 0:
                return reject_missing(frame, row, &texts[row])
            most += self.most(texts[row].length)
        if reserve_ragged(frame, output, most) != OK:
            return OUT_OF_MEMORY
        output.starts[0] = 0
        for row in range(frame.rows):
            written += self.split(&texts[row], <Text*>output.values + written)
            output.starts[row + 1] = written
        return OK


cdef class Counter(TextKernel):
    """Counts of n-grams: ``str[*]`` (unit ``word``) or ``str`` in, sparse rows out, columns ascending.

    Rejects a missing text.
    """

    cdef int keep(self, inputs, output, unit, binary) except -1:
        typed("x", inputs[0], ("str",), 1, "ragged" if unit == "word" else "dense")
        typed("result", output, ("f32", "f64", "i64"), layout="sparse")
        self.words, self.binary = unit == "word", binary
        self.single, self.floating = output.dtype == "f32", output.dtype != "i64"
        self.itemsize = 4 if self.single else 8
        return 0

    cdef int begin(self, Frame* frame) noexcept nogil:
        return OK

    cdef int find(self, Frame* frame, const Text* items, int64_t count, Row* row) noexcept nogil:
        return OK

    cdef int make_room(self, Frame* frame, const Row* row) noexcept nogil:
        return OK

    cdef int64_t count(self, Frame* frame, Row* row, Slot* y, int64_t at) noexcept nogil:
        return 0

    cdef int append(self, Frame* frame, const Text* items, int64_t length, Row* row, Slot* y, int64_t i) noexcept nogil:
        cdef int64_t at = y.starts[i]
        row.ids = &y.own_bytes
        row.waiting, row.id_count = 0, 0
        if self.find(frame, items, length, row) != OK or self.make_room(frame, row) != OK:
            return OUT_OF_MEMORY
        if extend_sparse(y, at + row.id_count, at, self.itemsize) != OK:
            return OUT_OF_MEMORY
        y.starts[i + 1] = at + self.count(frame, row, y, at)
        return OK

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* items = <const Text*>inputs[0].values
        cdef const int64_t* starts = inputs[0].starts
        cdef int64_t i
        cdef Row row
        cdef int status
        if reserve_sparse(frame, output, 64 * frame.rows, self.itemsize) != OK or self.begin(frame) != OK:
            return OUT_OF_MEMORY
        output.starts[0], row.end = 0, NULL
        for i in range(frame.rows):
            if self.words:
                status = self.append(frame, items + starts[i], starts[i + 1] - starts[i], &row, output, i)
            elif items[i].length < 0:
                status = reject_missing(frame, i, &items[i])
            else:
                status = self.append(frame, items + i, 1, &row, output, i)
            if status != OK:
                return status
        return OK
