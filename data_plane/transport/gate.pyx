"""Refuses whole calls of an overloaded connection before the HTTP/2 engine sees them: a tenth of a microsecond each.

The engine does not notice: a stream that is never opened counts as closed once a later one is, and the table of the
compression stays the same, because only header blocks that leave it unchanged are kept from the engine.  A call is
recognized by the shape of its block: that of a call which the engine has decoded, apart from values of metadata.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcmp, memcpy

from pretzel.data_plane.transport.shape cimport MOST_SHAPE, shape_of

cdef enum:  # of HTTP/2
    PREFACE = 24
    HEAD = 9
    DATA = 0
    HEADERS = 1
    RESET = 3
    WINDOW_UPDATE = 8
    CONTINUATION = 9
    END_STREAM = 1
    END_HEADERS = 4
    MOST_FRAME = 1 << 14

cdef enum:
    ALL = 1 << 30


cdef class Gate:
    """The received bytes of one connection, on their way to the guard and the engine."""

    cdef bytes data             # the present segment
    cdef const uint8_t* bytes_
    cdef Py_ssize_t size
    cdef Py_ssize_t begun       # the first byte that is not passed on
    cdef Py_ssize_t at          # the next frame
    cdef Py_ssize_t skip        # bytes of the present frame that are passed on as they come
    cdef bytes tail             # of a frame that is not complete
    cdef list parts             # of what is passed on
    cdef uint32_t passed        # the newest stream that the engine knows
    cdef uint32_t refused       # the newest stream that it does not
    cdef uint8_t shape[MOST_SHAPE]
    cdef int shaped             # bytes of it; 0 if none is known
    cdef bint looks             # at the blocks that are passed on
    cdef uint8_t latest[MOST_SHAPE]
    cdef int lately             # bytes of the shape of the last call that was passed on; 0 if it has none
    cdef uint32_t later         # its stream
    cdef uint8_t* out           # refusals
    cdef Py_ssize_t used, room, owed
    cdef bytes block

    def __init__(self, bytes block not None):
        """Create one that refuses by this header block, which must leave the table of the compression unchanged."""
        self.block, self.data, self.tail, self.skip = block, b"", b"", PREFACE

    def __dealloc__(self):
        free(self.out)

    def pass_on(self, bytes data not None):
        """Return a segment for the engine; nearly always ``data`` itself."""
        self.begin(data)
        self.looks, self.shaped = False, 0  # blocks may change the table from here on
        return self.take(ALL)

    def open(self, bytes data not None):
        """Begin a segment that is passed on in pieces, and return the number of its calls."""
        cdef Py_ssize_t calls = 0, at
        self.begin(data)
        self.looks, at = True, self.at
        while self.size - at >= HEAD:
            calls += self.bytes_[at + 3] == HEADERS
            at += HEAD + length_of(self.bytes_ + at)
        return calls

    def take(self, Py_ssize_t calls):
        """Return the next frames for the engine, with at most so many calls; none at the end of the segment."""
        cdef const uint8_t* head
        self.lately = 0
        while self.is_complete():
            head = self.bytes_ + self.at
            if head[3] == HEADERS:
                if calls == 0:
                    break
                calls -= 1
            self.pass_frame(head)
        return self.taken()

    def refuse(self):
        """Refuse the known calls in the rest of the segment; return their number, and the other frames."""
        cdef Py_ssize_t end, calls = 0
        self.lately = 0
        while self.is_complete():
            end = self.end_of_known()
            if end == 0:
                self.pass_frame(self.bytes_ + self.at)
                continue
            self.cut()
            self.refused = stream_of(self.bytes_ + self.at)
            self.write_refusal()
            self.at = self.begun = end
            calls += 1
        return calls, self.taken()

    @property
    def latest_stream(self):
        """The stream of the last call that was passed on, if it can be learned; else 0."""
        return self.later if self.lately else 0

    @property
    def has_more(self):
        """Whether a part of the segment is left."""
        return self.at < self.size

    @property
    def knows(self):
        """Whether the shape of a call is known."""
        return self.shaped > 0

    def learn(self):
        """Refuse calls like the last one that was passed on."""
        memcpy(self.shape, self.latest, self.lately)
        self.shaped = self.lately

    def answers(self):
        """Return the frames for refused calls, once: they may stand between any two frames of the engine."""
        if not self.used:
            return b""
        cdef bytes window = b""
        if self.owed:
            window = b"\0\0\4\x08\0\0\0\0\0" + self.owed.to_bytes(4, "big")
        answers = window + PyBytes_FromStringAndSize(<char*>self.out, self.used)
        free(self.out)
        self.out, self.used, self.room, self.owed = NULL, 0, 0, 0
        return answers

    # The present segment

    cdef begin(self, bytes data):
        if self.tail:
            data, self.tail = self.tail + data, b""
        self.data, self.bytes_, self.size = data, <const uint8_t*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)
        self.begun, self.at, self.parts = 0, min(self.skip, self.size), None
        self.skip -= self.at

    cdef bint is_complete(self):
        """Return whether another frame may be looked at; what is left of the segment otherwise waits for the next."""
        cdef Py_ssize_t left = self.size - self.at, length
        if left == 0:
            return False
        if left >= HEAD:
            length = length_of(self.bytes_ + self.at)
            # Of DATA, parts are passed on, and what is too long is a fault that the engine reports.
            if left >= HEAD + length or self.bytes_[self.at + 3] == DATA or length > MOST_FRAME:
                return True
        self.tail = self.data[self.at :]
        self.size = self.at
        return False

    cdef void pass_frame(self, const uint8_t* head):
        cdef Py_ssize_t end = self.at + HEAD + length_of(head)
        cdef uint32_t stream = stream_of(head)
        if head[3] == HEADERS:
            self.passed = max(self.passed, stream)
            if self.looks:
                self.look(head)
        elif head[3] == CONTINUATION:
            self.lately = self.shaped = 0
        elif (head[3] == RESET or head[3] == WINDOW_UPDATE) and self.passed < stream <= self.refused:
            self.cut()  # the engine knows no such stream, and would end the connection
            self.begun = end
        self.skip = max(<Py_ssize_t>0, end - self.size)
        self.at = end - self.skip

    cdef void look(self, const uint8_t* head) noexcept nogil:
        """Note the shape of a call; one that changes the table makes the known shape stale."""
        self.lately, self.later = 0, stream_of(head)
        if head[4] == END_HEADERS and self.at + HEAD + length_of(head) <= self.size:
            self.lately = shape_of(head + HEAD, length_of(head), self.latest)
        if self.lately == 0:
            self.shaped = 0

    cdef Py_ssize_t end_of_known(self):
        """Return the end of the whole call that is next, if it is a known one that the engine would accept; else 0."""
        cdef const uint8_t* head = self.bytes_ + self.at
        cdef uint8_t shape[MOST_SHAPE]
        cdef uint32_t stream = stream_of(head)
        cdef Py_ssize_t at = self.at + HEAD + length_of(head), data = 0, length
        if self.shaped == 0 or head[3] != HEADERS or head[4] != END_HEADERS or at > self.size:
            return 0
        if stream % 2 == 0 or stream <= max(self.passed, self.refused):
            return 0
        if shape_of(head + HEAD, length_of(head), shape) != self.shaped or memcmp(shape, self.shape, self.shaped):
            return 0
        while self.size - at >= HEAD:
            head, length = self.bytes_ + at, length_of(self.bytes_ + at)
            if head[3] != DATA or head[4] & ~END_STREAM or stream_of(head) != stream or length > MOST_FRAME:
                return 0
            at += HEAD + length
            data += length
            if at > self.size:
                return 0
            if head[4] == END_STREAM:
                self.owed += data
                return at
        return 0

    cdef void cut(self):
        """Leave out what follows."""
        if self.at > self.begun:
            if self.parts is None:
                self.parts = []
            self.parts.append(self.data[self.begun : self.at])

    cdef bytes taken(self):
        cdef bytes rest = self.data[self.begun : self.at]
        self.begun = self.at
        if self.at == self.size:
            self.data = b""  # not kept by idle connections
        if self.parts is None:
            return rest
        parts, self.parts = [*self.parts, rest], None
        return b"".join(parts)

    cdef int write_refusal(self) except -1:
        cdef Py_ssize_t length = PyBytes_GET_SIZE(self.block), needed = self.used + HEAD + length
        cdef uint8_t* out
        if needed > self.room:
            out = <uint8_t*>realloc(self.out, 2 * needed)
            if out == NULL:
                raise MemoryError
            self.out, self.room = out, 2 * needed
        out = self.out + self.used
        out[0], out[1], out[2] = <uint8_t>(length >> 16), <uint8_t>(length >> 8), <uint8_t>length
        out[3], out[4] = HEADERS, END_HEADERS | END_STREAM
        for i in range(4):
            out[5 + i] = <uint8_t>(self.refused >> (24 - 8 * i))
        memcpy(out + HEAD, PyBytes_AS_STRING(self.block), length)
        self.used = needed
        return 0


cdef inline Py_ssize_t length_of(const uint8_t* head) noexcept nogil:
    return head[0] << 16 | head[1] << 8 | head[2]


cdef inline uint32_t stream_of(const uint8_t* head) noexcept nogil:
    return <uint32_t>(head[5] & 0x7F) << 24 | <uint32_t>head[6] << 16 | <uint32_t>head[7] << 8 | head[8]
