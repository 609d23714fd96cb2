"""Counts the calls and rows of identities in memory that the processes of a worker share.

Each rate is one word: the time at which its bucket is empty again.  It is changed by compare-and-swap, so that no
process waits for another, and one that is killed leaves nothing locked.  The running calls of an identity are one word
for each process.
"""

import math
import time

from libc.stdint cimport int64_t

from pretzel.errors import PretzelError
from pretzel.serving.identity.limits import exceeded

cdef extern from *:
    """
    #include <stdint.h>
    #include <time.h>
    static inline int64_t load_word(int64_t* word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
    static inline int64_t add_word(int64_t* word, int64_t by) { return __atomic_add_fetch(word, by, __ATOMIC_SEQ_CST); }
    static inline int swap_word(int64_t* word, int64_t* seen, int64_t value) {
        return __atomic_compare_exchange_n(word, seen, value, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
    static inline int64_t monotonic_ns(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
    }
    """
    int64_t load_word(int64_t* word) noexcept nogil
    int64_t add_word(int64_t* word, int64_t by) noexcept nogil
    int swap_word(int64_t* word, int64_t* seen, int64_t value) noexcept nogil
    int64_t monotonic_ns() noexcept nogil

cdef enum:
    CALLS = 0                # words of an identity
    ROWS = 1
    RUNNING = 2
    MOST_KEPT = 128          # refusals of an identity that are kept

HEAD = RUNNING               # words of an identity before those of the processes
cdef double SECOND = 1e9
cdef int64_t NEVER = -1
cdef double RETRY_SECONDS = 0.05  # after which a call that found too many others is asked to return
cdef double STEP = 0.01           # to which delays are rounded up, so that a flood meets refusals that are encoded
CALLS_LIMIT, ROWS_LIMIT, RUNNING_LIMIT = "calls_per_second", "rows_per_second", "concurrent_calls"


cdef class Meter:
    """The use of one identity, and its limits.

    ``memory`` has its words; ``slot`` is this process among ``processes``.
    """

    def __init__(self, str name, limits, int64_t[::1] memory, int slot=0, refused=None, contact="", clock=None):
        self.name, self.refused, self.contact, self.clock = name, {} if refused is None else refused, contact, clock
        self.memory, self.slot, self.processes = memory, slot, memory.shape[0] - HEAD
        if not 0 <= slot < self.processes:
            raise ValueError(f"slot {slot}: expected one of {self.processes} processes")
        self.words = &memory[0]
        self.change(limits, contact)

    def change(self, limits, str contact):
        """Keep other limits from now on; what was used stays counted."""
        self.limits, self.kept, self.contact = dict(limits), {}, contact
        self.calls = limits.get(CALLS_LIMIT, -1.0)
        self.rows = limits.get(ROWS_LIMIT, -1.0)
        self.most = limits.get(RUNNING_LIMIT, -1)

    cpdef enter(self):
        """Count a call, and that it runs; return None, or the error of a limit, which must not be raised."""
        refusal = self.stay()
        if refusal is None and self.calls >= 0:
            refusal = self.take_call()
            if refusal is not None:
                self.leave()
        return refusal

    def answer(self, shortcut, bytes message not None, call not None):
        """Return the answer of a shortcut to a unary call, charged, or the error of a limit.

        A call that is not answered by that runs until its end.
        """
        cdef Present present = PRESENT
        cdef int64_t rows
        refusal = self.enter()
        if refusal is not None:
            return refusal
        present.meter, present.rows = self, 0
        try:
            answer = shortcut(message, call.deadline, call)
        except BaseException:
            self.leave()
            raise
        finally:
            rows, present.meter = present.rows, None
        if type(answer) is bytes or isinstance(answer, PretzelError):
            self.leave()
            return answer
        call.meter = self
        if answer is None and rows:
            self.give_rows(rows)
        return answer

    cpdef stay(self):
        """Count that a call or a stream runs; return None, or the error of a limit."""
        add_word(&self.words[RUNNING + self.slot], 1)
        if self.most < 0 or self.running() <= self.most:
            return None
        add_word(&self.words[RUNNING + self.slot], -1)
        said = f"at most {self.most} calls may run at the same time, and {self.running()} do"
        return self.refusal(RUNNING_LIMIT, said, RETRY_SECONDS if self.most else None)

    cpdef leave(self):
        """Count that a call ended."""
        add_word(&self.words[RUNNING + self.slot], -1)

    cpdef take_call(self):
        """Count a message of a stream, which runs already; return None, or the error of a limit."""
        cdef int64_t after = self.excess(CALLS, self.calls, 1) if self.calls >= 0 else 0
        return self.late(CALLS_LIMIT, "calls", self.calls, after) if after else None

    def give_call(self):
        """Do not count a message that is counted again."""
        if self.calls > 0:
            self.restore(CALLS, self.calls, 1)

    cpdef take_rows(self, int64_t rows):
        """Count the rows of a call; return None, or the error of a limit."""
        cdef int64_t after = self.excess(ROWS, self.rows, rows) if self.rows >= 0 and rows > 0 else 0
        if after == 0:
            return None
        if after == NEVER:
            said = f"a call of {rows} rows, at most {max(self.rows, 1):.15g} together in a second"
            if self.rows > 0:
                said += "; send fewer rows in a call"
            return self.refusal(ROWS_LIMIT, said, None)
        return self.late(ROWS_LIMIT, "rows", self.rows, after)

    def give_rows(self, int64_t rows):
        """Do not count rows that are counted again."""
        if self.rows > 0:
            self.restore(ROWS, self.rows, rows)

    @property
    def use(self):
        """The present use, by limit: what the buckets hold, and the calls that run."""
        return {
            CALLS_LIMIT: self.held(CALLS, self.calls),
            ROWS_LIMIT: self.held(ROWS, self.rows),
            RUNNING_LIMIT: float(self.running()),
        }

    def held(self, int bucket, double rate):
        """Return the units that a bucket holds, of those that it may hold."""
        if rate <= 0:
            return 0.0
        return max(0.0, (load_word(&self.words[bucket]) - self.now()) * rate / SECOND)

    def late(self, str limit, str what, double rate, int64_t after):
        """Return the error of a full bucket."""
        if after == NEVER:
            return self.refusal(limit, f"{rate:.15g} {what} per second are allowed", None)
        used = f"{rate:.15g} {what} per second are allowed, and are used"
        return self.refusal(limit, used, math.ceil(after / SECOND / STEP) * STEP)

    def refusal(self, str limit, str said, after):
        """Return the error of a limit, the same one while it says the same."""
        self.refused[limit] = self.refused.get(limit, 0) + 1
        key = limit, said, after
        error = self.kept.get(key)
        if error is None:
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            error = self.kept[key] = exceeded(self.name, limit, said, self.contact, after)
        return error

    cdef int64_t now(self):
        return monotonic_ns() if self.clock is None else <int64_t>self.clock()

    cdef int64_t excess(self, int bucket, double rate, int64_t units):
        """Take units from a bucket of one second; return 0, or the nanoseconds until they are there, or NEVER."""
        cdef int64_t now, seen, until, most, taken
        if rate == 0 or (units > rate and units > 1):
            return NEVER
        taken = <int64_t>(units * SECOND / rate + 0.5)
        most = <int64_t>(max(SECOND, SECOND / rate) + 0.5)
        now, seen = self.now(), load_word(&self.words[bucket])
        while True:
            until = max(seen, now) + taken
            if until - now > most:
                return until - now - most
            if swap_word(&self.words[bucket], &seen, until):
                return 0

    cdef void restore(self, int bucket, double rate, int64_t units) noexcept:
        """Put units back into a bucket."""
        add_word(&self.words[bucket], -<int64_t>(units * SECOND / rate + 0.5))

    cdef int64_t running(self) noexcept:
        cdef int64_t total = 0
        cdef int i
        for i in range(self.processes):
            total += load_word(&self.words[RUNNING + i])
        return total


cdef class Present:
    """The call that the event loop answers by a shortcut now: the shortcut charges its rows when it knows them."""

    def begin(self, Meter meter not None):
        """Charge an identity from now on."""
        self.meter, self.rows = meter, 0

    def end(self):
        """Charge none; return the rows that were charged."""
        self.meter = None
        return self.rows

    cdef object charge(self, int64_t rows):
        """Charge rows; return None, or the error of a limit."""
        if self.meter is None or self.meter.rows < 0:
            return None
        refusal = self.meter.take_rows(rows)
        if refusal is None:
            self.rows += rows
        return refusal


PRESENT = Present()
