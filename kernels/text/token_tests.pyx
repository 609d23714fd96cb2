"""Tests of single tokens: those of a list that pass one of several, and a choice of two for each."""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve_ragged
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.text.measures cimport MeasureText, TestText
from pretzel.kernels.text.terms cimport Dictionary, holds

from types import SimpleNamespace

cdef object TEXT = SimpleNamespace(dtype="str", layout="dense", columns=1)
cdef object WHETHER = SimpleNamespace(dtype="bool", layout="dense", columns=1)
cdef object NUMBER = SimpleNamespace(dtype="i64", layout="dense", columns=1)
cdef tuple MEASURES = ("length", "count", "find")

cdef enum:
    MOST_TESTS = 64


cdef class TokenTest:
    """One test: a property, a measure and its least value, or membership in a dictionary."""

    cdef TestText property
    cdef MeasureText measured
    cdef Dictionary words
    cdef int64_t least
    cdef bint negated

    def __init__(self, test, negated, text, least, words):
        self.negated, self.least = negated, least
        if test == "member":
            self.words = words
        elif test in MEASURES:
            self.measured = MeasureText((TEXT,), NUMBER, function=test, text=text)
        else:
            self.property = TestText((TEXT,), WHETHER, function=test, text=text)

    cdef bint passes(self, const Text* token) noexcept nogil:
        if token.length < 0:
            return self.negated
        if self.property is not None:
            return self.property.has(token) != self.negated
        if self.measured is not None:
            return (self.measured.measure(token) >= self.least) != self.negated
        return holds(self.words, token) != self.negated


cdef class TokenTests(Kernel):
    """Tests of tokens, each of a list of its own: ``str[*]`` inputs, the first ``chosen`` of which are not for tests.

    ``table``, ``heap``: the dictionary of members, as :func:`pretzel.kernels.text.terms.build` lays it out.
    """

    cdef tuple tests
    cdef PyObject* at[MOST_TESTS]  # the tests, borrowed from the tuple
    cdef int64_t chosen, count

    def __init__(self, inputs, output, *, tests, negated, texts, least, table=None, heap=None):
        for kind in (*inputs, output):
            typed("x", kind, ("str",), layout="ragged")
        if not 1 <= len(tests) <= MOST_TESTS or not len(tests) == len(negated) == len(texts) == len(least):
            raise ValueError(f"tests: expected 1 to {MOST_TESTS}, each with a text and a number, got {len(tests)}")
        if len(inputs) != self.chosen + len(tests):
            raise ValueError(f"x: expected {self.chosen} lists of tokens, and one for each test, got {len(inputs)}")
        words = Dictionary(table, heap) if "member" in tests else None
        self.tests = tuple(TokenTest(*test, words) for test in zip(tests, negated, texts, least))
        for i in range(len(tests)):
            self.at[i] = <PyObject*>self.tests[i]
        self.count = len(inputs)

    cdef bint passes(self, Slot** inputs, int64_t row, int64_t k) noexcept nogil:
        """Return whether the token at a place of a row passes one of the tests."""
        cdef int64_t i
        for i in range(self.chosen, self.count):
            if (<TokenTest>self.at[i - self.chosen]).passes(<const Text*>inputs[i].values + inputs[i].starts[row] + k):
                return True
        return False

    cdef int64_t shortest(self, Slot** inputs, int64_t row) noexcept nogil:
        """Return the number of tokens of the shortest list of a row."""
        cdef int64_t least = inputs[0].starts[row + 1] - inputs[0].starts[row], i
        for i in range(1, self.count):
            least = min(least, inputs[i].starts[row + 1] - inputs[i].starts[row])
        return least

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* starts = inputs[0].starts
        cdef Text* out
        cdef int64_t row
        if reserve_ragged(frame, output, starts[frame.rows] - starts[0]) != OK:
            return OUT_OF_MEMORY
        out = <Text*>output.values
        output.starts[0] = 0
        for row in range(frame.rows):
            out = self.put(inputs, row, out)
            output.starts[row + 1] = out - <Text*>output.values
        return OK

    cdef Text* put(self, Slot** inputs, int64_t row, Text* out) noexcept nogil:
        """Write the tokens of a row, at most as many as its first list has, and return where the next row begins."""
        return out


cdef class KeepTokens(TokenTests):
    """The tokens of each row that pass one of several tests, in order."""

    def __cinit__(self, *_, **__):
        self.chosen = 1

    cdef Text* put(self, Slot** inputs, int64_t row, Text* out) noexcept nogil:
        cdef const Text* tokens = <const Text*>inputs[0].values + inputs[0].starts[row]
        cdef int64_t k
        for k in range(self.shortest(inputs, row)):
            out[0] = tokens[k]
            out += self.passes(inputs, row, k)
        return out


cdef class ChooseTokens(TokenTests):
    """For each token, the first of two if it passes one of several tests, else the second."""

    def __cinit__(self, *_, **__):
        self.chosen = 2

    cdef Text* put(self, Slot** inputs, int64_t row, Text* out) noexcept nogil:
        cdef const Text* a = <const Text*>inputs[0].values + inputs[0].starts[row]
        cdef const Text* b = <const Text*>inputs[1].values + inputs[1].starts[row]
        cdef int64_t k, count = self.shortest(inputs, row)
        for k in range(count):
            out[k] = a[k] if self.passes(inputs, row, k) else b[k]
        return out + count
