"""Chooses among the versions of a split alias.

Each call has one point, so that it takes the same version wherever it asks for one: on the hot path and the ordinary
one, for each message of a stream, and for a model that it names twice.  The point is that of the caller's key, which
all processes hash alike, or it is random.
"""

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport uint8_t, uint64_t

import os
from hashlib import blake2b

from pretzel.plan.traffic import SLOTS as ALL_SLOTS

cdef enum:
    SLOTS = 10000
assert SLOTS == ALL_SLOTS

cdef uint64_t STEP = 0x9E3779B97F4A7C15  # of SplitMix64, a counter whose numbers are mixed
cdef uint64_t counter = int.from_bytes(os.urandom(8), "little")


cdef inline uint64_t mixed(uint64_t value) noexcept nogil:
    value = (value ^ (value >> 30)) * <uint64_t>0xBF58476D1CE4E5B9
    value = (value ^ (value >> 27)) * <uint64_t>0x94D049BB133111EB
    return value ^ (value >> 31)


def seed(uint64_t start):
    """Draw the random points of this process from here on as after any other call with this number.  For tests."""
    global counter
    counter = start


def hashed(bytes key not None):
    """Return 64 bits of a key, the same in all processes."""
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "little")


cdef uint64_t drawn() noexcept:
    global counter
    counter += STEP
    return mixed(counter)


cdef uint64_t point_of(origin) except? 0:
    cdef uint64_t point
    if origin is None:
        return drawn()
    known = getattr(origin, "point", None)
    if known is not None:
        return known
    key = origin.route_key()
    point = drawn() if key is None else hashed(key)
    origin.point = point
    return point


cdef class Fork:
    """The versions of a split alias."""

    def __init__(self, str model not None, runs):
        """Split the calls of a model by runs: a route, and the number of its adjacent slots."""
        self.branches = tuple(dict.fromkeys(route for route, _ in runs))
        self.places = b"".join(bytes([self.branches.index(route)]) * slots for route, slots in runs)
        if len(self.places) != SLOTS:
            raise ValueError(f"model {model!r}: a split of {len(self.places)} slots; expected {SLOTS}")
        self.salt = hashed(model.encode())

    cdef int place(self, origin) except -1:
        cdef uint64_t slot = (mixed(point_of(origin) ^ self.salt) >> 32) * SLOTS >> 32
        return (<const uint8_t*>PyBytes_AS_STRING(self.places))[slot]

    def pick(self, origin):
        """Return the route that a call takes."""
        return self.branches[self.place(origin)]


cdef class Sample:
    """The calls of an alias of which copies are made: a share of them, by the point of each."""

    def __init__(self, str model not None, int slots):
        """Take that many of all slots."""
        self.slots, self.salt = slots, hashed(b"shadow:" + model.encode())  # other keys than the first of a split

    cdef bint takes(self, origin) except -1:
        return (mixed(point_of(origin) ^ self.salt) >> 32) * SLOTS >> 32 < <uint64_t>self.slots

    def has(self, origin):
        """Return whether a call is copied."""
        return self.takes(origin)


def picked(route, origin):
    """Return the route that a call takes: the given one, or a branch of it."""
    return route if route.fork is None else route.fork.pick(origin)
