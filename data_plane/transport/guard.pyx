"""Removes long header values from received bytes, because the HTTP/2 engine would end the connection for them.

libnghttp2 treats a field of 64 KiB as a fault of the connection, and `ngh2` a list over its limit.  Such lists arrive
in several frames, or in a large one.  The guard rewrites these: it empties long values, and adds a field by which the
call is rejected.  The compression state stays that of the sender: the guard changes only fields that enter no table,
and fields too large for a table, which clear it.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

cdef enum:  # of HTTP/2
    PREFACE = 24
    HEAD = 9
    HEADERS = 1
    CONTINUATION = 9
    END_HEADERS = 4
    PADDED = 8
    PRIORITY = 32
    MOST_FRAME = 1 << 14  # bytes of a frame for the engine
    MOST_TAKEN = 1 << 16  # bytes of a frame of a client, which SETTINGS allow

cdef enum:  # states of the reader of a block
    OP = 0
    INDEX = 1        # in the index of a field
    LENGTH = 2       # before a length
    MORE = 3         # in a length
    TEXT = 4         # in a name or a value
    BROKEN = 5       # an integer that is too long: the engine ends the connection

cdef enum:
    LONG = 1 << 14        # bytes of a value that is dropped
    DENSE = 1 << 10       # bytes of a frame that may be joined with others; the engine counts small ones
    MOST_KEPT = 1 << 16   # bytes of a block of which all values are kept; 8/5 of it when decoded, and 32 per field
    CLEARS = 4096         # bytes of a value that clears any table
    INVALID = 16          # bytes of an integer that is too long
    GROWTH = CLEARS + 128

MARK = b"pretzel-too-large"
cdef bytes MARK_FIELD = b"\x00" + bytes([len(MARK)]) + MARK + b"\x00"


cdef class Guard:
    """The received bytes of one connection, on their way to the engine."""

    cdef bytes tail          # of a frame that is not complete
    cdef bytes waiting       # of the present block, for the next frame
    cdef int64_t skip        # bytes of the present frame that are passed on as they come
    cdef bint opened         # a header block has begun
    cdef int state, shift, texts
    cdef bint enters, drops, marked
    cdef uint64_t value
    cdef int64_t left, kept

    def __init__(self):
        self.tail, self.waiting, self.skip = b"", b"", PREFACE

    def pass_on(self, bytes data not None):
        """Return the bytes for the engine; nearly always ``data`` itself."""
        cdef int64_t at = min(self.skip, <int64_t>len(data)), begin = 0, size, length
        cdef const uint8_t* bytes_
        cdef list parts = []
        self.skip -= at
        if self.tail:
            data, self.tail = self.tail + data, b""
        bytes_, size = <const uint8_t*>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)
        while size - at >= HEAD:
            length = bytes_[at] << 16 | bytes_[at + 1] << 8 | bytes_[at + 2]
            if not self.rewrites(bytes_ + at, length) or length > MOST_TAKEN:
                self.opened = False
                self.skip = max(<int64_t>0, at + HEAD + length - size)
                at += HEAD + length - self.skip
                continue
            if size - at < HEAD + length:
                break
            parts.append(data[begin:at])
            parts.append(self.rewritten(data[at : at + HEAD + length]))
            at += HEAD + length
            begin = at
        if at == size and not begin:
            return data
        self.tail = data[at:]
        parts.append(data[begin:at])
        return b"".join(parts)

    cdef bint rewrites(self, const uint8_t* head, int64_t length) noexcept nogil:
        """Return whether a frame is a part of a block of several frames, or long enough for one."""
        if self.opened:
            return head[3] == CONTINUATION
        return head[3] == HEADERS and (not head[4] & END_HEADERS or length > MOST_FRAME)

    cdef bytes rewritten(self, bytes frame):
        """Return frames for one of a block; what is left of long ones waits for the next."""
        cdef bint ends = frame[4] & END_HEADERS
        fragment = fragment_of(frame)
        if fragment is None:
            self.opened = False
            return frame
        if not self.opened:
            self.opened, self.state, self.kept, self.marked, self.waiting = True, OP, 0, False, b""
        kept = self.waiting + self.block(fragment)
        if ends:
            self.opened = False
            kept += MARK_FIELD if self.marked and self.state == OP else b""
        elif frame[3] == CONTINUATION and len(fragment) >= DENSE and len(kept) < MOST_FRAME:
            self.waiting = kept
            return b""
        self.waiting = b""
        return framed(frame[3], frame[4], frame[5:HEAD], kept)

    cdef bytes block(self, bytes fragment):
        """Return a part of a block without long values."""
        cdef int64_t size = PyBytes_GET_SIZE(fragment), used = 0
        cdef const uint8_t* at = <const uint8_t*>PyBytes_AS_STRING(fragment)
        cdef const uint8_t* end = at + size
        cdef char* out = <char*>malloc(size * 2 + 2 * GROWTH)
        if out == NULL:
            raise MemoryError
        try:
            while at < end:
                at = self.step(at, end, out, &used)
            return PyBytes_FromStringAndSize(out, used)
        finally:
            free(out)

    cdef const uint8_t* step(self, const uint8_t* at, const uint8_t* end, char* out, int64_t* used) noexcept nogil:
        cdef int64_t taken
        if self.state == TEXT:
            taken = min(self.left, <int64_t>(end - at))
            if not self.drops:
                memcpy(out + used[0], at, <size_t>taken)
                used[0] += taken
            self.left -= taken
            if self.left == 0:
                self.end_text()
            return at + taken
        if self.state == LENGTH:
            self.value, self.shift = at[0] & 0x7F, 0
            self.state = MORE
            if self.value < 0x7F:
                self.begin_text(out, used, at[0] & 0x80)
            else:
                self.left = at[0]  # the first byte of a length, which is written when the length is known
            return at + 1
        if self.state == MORE:
            self.add_digit(at[0])
            if self.state == BROKEN:  # for the engine too
                memset(out + used[0], 0xFF, INVALID)
                used[0] += INVALID
            elif at[0] < 0x80:
                self.begin_text(out, used, <int>self.left & 0x80)
            return at + 1
        out[used[0]] = <char>at[0]
        used[0] += 1
        if self.state == OP:
            self.begin_field(at[0])
        elif self.state == INDEX and at[0] < 0x80:
            self.end_index()
        return at + 1

    cdef void begin_field(self, uint8_t op) noexcept nogil:
        """Read the first byte of a field: its kind, and its index or a part of it."""
        cdef int bits = 7 if op & 0x80 else 6 if op & 0x40 else 5 if op & 0x20 else 4
        cdef int index = op & ((1 << bits) - 1)
        self.enters = bits == 6
        self.texts = 0 if bits == 7 or bits == 5 else 2 if index == 0 else 1
        if index == (1 << bits) - 1:
            self.state = INDEX
        else:
            self.end_index()

    cdef void end_index(self) noexcept nogil:
        self.state = LENGTH if self.texts else OP

    cdef void add_digit(self, uint8_t digit) noexcept nogil:
        self.value += <uint64_t>(digit & 0x7F) << self.shift
        self.shift += 7
        if self.shift > 35:
            self.state = BROKEN

    cdef void begin_text(self, char* out, int64_t* used, int huffman) noexcept nogil:
        """Write the length of a name or a value, or what replaces a long value."""
        cdef int64_t length = <int64_t>self.value
        self.drops = self.texts == 1 and (length >= LONG or (not self.enters and self.kept + length > MOST_KEPT))
        self.marked |= self.drops
        if not self.drops:
            self.kept += length
            used[0] += write_length(out + used[0], length, huffman)
        elif self.enters:
            used[0] += write_length(out + used[0], CLEARS, 0)
            memset(out + used[0], 97, CLEARS)
            used[0] += CLEARS
        else:
            used[0] += write_length(out + used[0], 0, 0)
        self.state, self.left = TEXT, length
        if length == 0:
            self.end_text()

    cdef void end_text(self) noexcept nogil:
        self.texts -= 1
        self.end_index()


cdef int64_t write_length(char* to, int64_t length, int huffman) noexcept nogil:
    cdef int64_t used = 1
    if length < 0x7F:
        to[0] = <char>(huffman | length)
        return used
    to[0] = <char>(huffman | 0x7F)
    length -= 0x7F
    while length > 0x7F:
        to[used] = <char>(length & 0x7F | 0x80)
        length >>= 7
        used += 1
    to[used] = <char>length
    return used + 1


cdef bytes fragment_of(bytes frame):
    """Return the part of a block in a frame, without padding and priority; None if those are invalid."""
    cdef int flags = frame[4] if frame[3] == HEADERS else 0
    cdef int64_t begin = HEAD, end = len(frame)
    if flags & PADDED:
        if end == HEAD:
            return None
        begin, end = HEAD + 1, end - frame[HEAD]
    if flags & PRIORITY:
        begin += 5
    return frame[begin:end] if begin <= end else None


cdef bytes framed(int kind, int flags, bytes stream, bytes block):
    """Return frames of a part of a block, the first of this kind."""
    cdef int ends = flags & END_HEADERS, first = flags & ~(PADDED | PRIORITY | END_HEADERS)
    pieces = [block[at : at + MOST_FRAME] for at in range(0, len(block), MOST_FRAME)] or [b""]
    made = []
    for i, piece in enumerate(pieces):
        made += [len(piece).to_bytes(3, "big"), bytes([kind if i == 0 else CONTINUATION])]
        made += [bytes([(first if i == 0 else 0) | (ends if i == len(pieces) - 1 else 0)]), stream, piece]
    return b"".join(made)
