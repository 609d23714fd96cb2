"""Counts the requests of one version, and their times in nanoseconds.

Plain C numbers: with Python's, counting took as long as the answer.
"""

from libc.stdint cimport int64_t
from posix.time cimport CLOCK_REALTIME, clock_gettime, timespec


cdef class Sums:
    """Requests, and the times of their parts together."""

    cdef int add(self, const int64_t* parts) except -1:
        cdef int i
        self.count += 1
        for i in range(PARTS):
            self.ns[i] += max(parts[i], <int64_t>0)
        return 0

    @property
    def parts(self):
        """Nanoseconds in the queue, and of computing the input, the outputs and the response."""
        return tuple(self.ns[i] for i in range(PARTS))


cdef class Counted:
    """The numbers of one version."""

    def __init__(self, int64_t most_sizes):
        """Start at zero; at most so many batch sizes get numbers of their own, because clients choose them."""
        self.all, self.batches, self.size, self.most_sizes = Sums(), {}, -1, most_sizes

    def succeeded(self, int64_t rows, int64_t queue, int64_t input, int64_t infer, int64_t output, int64_t ns):
        """Count a request that was answered after ``ns`` nanoseconds."""
        cdef int64_t[PARTS] parts
        parts[0], parts[1], parts[2], parts[3] = queue, input, infer, output
        self.count(rows, parts, ns)

    cpdef int failed(self, int64_t ns) except -1:
        """Count a request that failed after ``ns`` nanoseconds."""
        self.fails += 1
        self.fail += max(ns, <int64_t>0)
        return 0

    cdef int repeated(self, int64_t rows, int64_t ns) except -1:
        self.touch(rows)
        self.hits += 1
        self.hit += max(ns, <int64_t>0)
        return 0

    cdef int answered(self, int64_t rows, const double* seconds, double total) except -1:
        cdef int64_t[PARTS] parts
        cdef int i
        for i in range(PARTS):
            parts[i] = <int64_t>(1e9 * seconds[i])
        return self.count(rows, parts, <int64_t>(1e9 * total))

    cdef int count(self, int64_t rows, const int64_t* parts, int64_t ns) except -1:
        cdef Sums batch = self.batch(rows)
        self.touch(rows)
        self.success += max(ns, <int64_t>0)
        self.all.add(parts)
        if batch is not None:
            batch.add(parts)
        return 0

    cdef int touch(self, int64_t rows) except -1:
        """Count rows that were answered now."""
        cdef timespec time
        clock_gettime(CLOCK_REALTIME, &time)
        self.last = <int64_t>time.tv_sec * 1000 + time.tv_nsec // 1_000_000
        self.rows += rows
        return 0

    cdef Sums batch(self, int64_t rows):
        """Return the numbers of a batch size; None if there are too many sizes."""
        if rows != self.size:
            if rows not in self.batches and len(self.batches) < self.most_sizes:
                self.batches[rows] = Sums()
            self.recent, self.size = self.batches.get(rows), rows
        return self.recent
