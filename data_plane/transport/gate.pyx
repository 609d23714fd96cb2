"""Refuses calls of an overloaded connection before the HTTP/2 engine sees them: a tenth of a microsecond each.

The engine does not notice: a stream that is never opened counts as closed once a later one is, and the table of the
compression stays the same, because only header blocks that leave it unchanged are kept from the engine.  A call is
recognized by the shape of its block: that of a call which the engine has decoded, except for values of metadata.
Its identifier is copied from its block as it came, if that shows it; otherwise the call is left to the engine.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint32_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcmp, memmove

from pretzel.data_plane.transport.refusals cimport Refusals
from pretzel.data_plane.transport.shape cimport MOST_SHAPE, readable_field, shape_of

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
    MOST_FRAME = 1 << 16  # that the front allows

cdef enum:
    ALL = 1 << 30
    MOST_OPEN = 1 << 10   # refused streams that the client has not ended
    MOST_KNOWN = 8        # shapes: clients differ in few fields, such as the deadlines that entered the table


cdef class Gate:
    """The received bytes of one connection, on their way to the guard and the engine."""

    cdef bytes data             # the present segment
    cdef const uint8_t* bytes_
    cdef Py_ssize_t size
    cdef Py_ssize_t begun       # the first byte that is not passed on
    cdef Py_ssize_t at          # the next frame
    cdef Py_ssize_t skip        # bytes of the present frame that are passed on as they come
    cdef bint drops             # or are left out
    cdef readonly Py_ssize_t calls
    cdef Py_ssize_t left        # calls that were not taken, of those that might
    cdef bytes tail             # of a frame that is not complete
    cdef list parts             # of what is passed on
    cdef uint32_t passed        # the newest stream that the engine knows
    cdef uint32_t refused       # the newest stream that it does not
    cdef list known             # shapes of calls that may be refused
    cdef int[MOST_KNOWN] places_  # of the identifiers in their blocks; -1 in those without one
    cdef const uint8_t* echo    # the field with the identifier of the call that is looked at
    cdef Py_ssize_t echoed
    cdef int learned            # so many, since the connection began
    cdef bint looks             # at the blocks that are passed on
    cdef uint8_t latest[MOST_SHAPE]
    cdef int lately             # bytes of the shape of the last call that was passed on; 0 if it has none
    cdef uint32_t later         # its stream
    cdef uint32_t* open_        # refused streams whose data may follow
    cdef int opened, places
    cdef Refusals refusals
    cdef Py_ssize_t owed

    def __init__(self, bytes block not None):
        """Create one that refuses by this header block, which must leave the table of the compression unchanged."""
        self.refusals, self.data, self.tail, self.skip = Refusals(block), b"", b"", PREFACE
        self.known = []

    def __dealloc__(self):
        free(self.open_)

    def pass_on(self, bytes data not None):
        """Return a segment for the engine; nearly always ``data`` itself."""
        self.begin(data)
        self.looks = False  # blocks may change the table from here on
        self.forget()
        data = self.take(ALL)
        self.calls = ALL - self.left
        return data

    def open(self, bytes data not None):
        """Begin a segment that is passed on in pieces."""
        cdef Py_ssize_t at
        self.begin(data)
        self.looks, at = True, self.at
        while self.size - at >= HEAD:
            self.calls += self.bytes_[at + 3] == HEADERS
            at += HEAD + length_of(self.bytes_ + at)

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
        self.left = calls
        return self.taken()

    def refuse(self, bytes attached not None=b""):
        """Refuse the known calls in the rest of the segment; return their number, and the other frames.

        ``attached``: a part of a header block for the first of them.
        """
        cdef Py_ssize_t calls = 0
        cdef const uint8_t* head
        self.lately = 0
        while self.is_complete():
            head = self.bytes_ + self.at
            if not self.is_known(head):
                self.pass_frame(head)
                continue
            self.cut()
            self.refused = stream_of(head)
            self.note_open()
            self.refusals.write(self.refused, self.echo, self.echoed, attached if calls == 0 else b"")
            self.at = self.begun = self.at + HEAD + length_of(head)
            calls += 1
        return calls, self.taken()

    @property
    def unknown_stream(self):
        """The stream of the last call that was passed on, if it can be learned and is not known; else 0."""
        return self.later if self.lately and self.known_as(self.latest, self.lately) < 0 else 0

    @property
    def has_more(self):
        """Whether a part of the segment is left."""
        return self.begun < self.size

    def learn(self, int identifier=-1):
        """Refuse calls like the last one that was passed on; its field at ``identifier`` is copied to refusals."""
        cdef int number = len(self.known)
        shape = PyBytes_FromStringAndSize(<char*>self.latest, self.lately)
        if number < MOST_KNOWN:
            self.known.append(shape)
        else:
            number = self.learned % MOST_KNOWN
            self.known[number] = shape
        self.places_[number] = identifier
        self.learned += 1

    cpdef forget(self):
        """Refuse no calls until some are learned."""
        if self.known:
            self.known.clear()

    cdef int known_as(self, const uint8_t* shape, int size):
        """Return the number of a known shape; -1 of others."""
        cdef bytes known
        cdef int number
        for number in range(len(self.known)):
            known = self.known[number]
            if PyBytes_GET_SIZE(known) == size and not memcmp(PyBytes_AS_STRING(known), shape, size):
                return number
        return -1

    @property
    def has_answers(self):
        """Whether there is something to send."""
        return self.refusals.used > 0 or self.owed > 0

    def answers(self):
        """Return the frames for refused calls, once: they may stand between any two frames of the engine."""
        cdef bytes window = b""
        if self.owed:
            window = b"\0\0\4\x08\0\0\0\0\0" + self.owed.to_bytes(4, "big")
        self.owed = 0
        return window + self.refusals.taken()

    # The present segment

    cdef begin(self, bytes data):
        if self.tail:
            data, self.tail = self.tail + data, b""
        self.data, self.bytes_, self.size = data, <const uint8_t*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)
        self.at, self.parts, self.calls = min(self.skip, self.size), None, 0
        self.skip -= self.at
        self.begun = self.at if self.drops else 0

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
            self.lately = 0
            self.forget()
        self.drops = self.is_dropped(head, stream)
        if self.drops:
            self.cut()
            self.begun = min(end, self.size)
        self.skip = max(<Py_ssize_t>0, end - self.size)
        self.at = end - self.skip

    cdef bint is_dropped(self, const uint8_t* head, uint32_t stream) noexcept nogil:
        """Return whether a frame belongs to a stream that the engine does not know."""
        cdef int place
        if head[3] == DATA or head[3] == RESET:
            place = self.place_of(stream)
            if place >= 0 and length_of(head) <= MOST_FRAME:
                if head[3] == DATA:
                    self.owed += length_of(head)
                if head[3] == RESET or head[4] & END_STREAM:
                    self.opened -= 1
                    memmove(self.open_ + place, self.open_ + place + 1, (self.opened - place) * sizeof(uint32_t))
                return True
        # The engine would take the stream for one that is never opened, and end the connection.
        return (head[3] == RESET or head[3] == WINDOW_UPDATE) and self.passed < stream <= self.refused

    cdef int place_of(self, uint32_t stream) noexcept nogil:
        """Return the place of a refused stream that is open; -1 if it is none.  Clients end them in order."""
        cdef int place
        for place in range(self.opened):
            if self.open_[place] == stream:
                return place
        return -1

    cdef int note_open(self) except -1:
        cdef uint32_t* grown
        if self.opened == self.places:
            grown = <uint32_t*>realloc(self.open_, (2 * self.places + 8) * sizeof(uint32_t))
            if grown == NULL:
                raise MemoryError
            self.open_, self.places = grown, 2 * self.places + 8
        self.open_[self.opened] = self.refused
        self.opened += 1
        return 0

    cdef void look(self, const uint8_t* head):
        """Note the shape of a call; one that changes the table makes the known shapes stale."""
        self.lately, self.later = 0, stream_of(head)
        if head[4] == END_HEADERS and self.at + HEAD + length_of(head) <= self.size:
            self.lately = shape_of(head + HEAD, length_of(head), self.latest)
        if self.lately == 0:
            self.forget()

    cdef bint is_known(self, const uint8_t* head):
        """Return whether a frame begins a known call that the engine would accept."""
        cdef uint8_t shape[MOST_SHAPE]
        cdef uint32_t stream = stream_of(head)
        if head[3] != HEADERS or not self.known or head[4] != END_HEADERS or self.opened >= MOST_OPEN:
            return False
        if self.at + HEAD + length_of(head) > self.size or stream % 2 == 0 or stream <= max(self.passed, self.refused):
            return False
        return self.is_answerable(self.known_as(shape, shape_of(head + HEAD, length_of(head), shape)), head)

    cdef bint is_answerable(self, int number, const uint8_t* head):
        """Find the identifier of a call of a known shape; return whether it can be refused by what is known of it."""
        self.echoed = 0
        if number < 0 or self.places_[number] < 0:
            return number >= 0
        self.echoed = readable_field(head + HEAD, length_of(head), self.places_[number], &self.echo)
        return self.echoed > 0

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


cdef inline Py_ssize_t length_of(const uint8_t* head) noexcept nogil:
    return head[0] << 16 | head[1] << 8 | head[2]


cdef inline uint32_t stream_of(const uint8_t* head) noexcept nogil:
    return <uint32_t>(head[5] & 0x7F) << 24 | <uint32_t>head[6] << 16 | <uint32_t>head[7] << 8 | head[8]
