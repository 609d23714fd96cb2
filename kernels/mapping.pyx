"""Read-only maps of files through mmap(2), which keep no descriptor open (Python's ``mmap`` keeps one a map)."""

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.exc cimport PyErr_SetFromErrnoWithFilenameObject
from libc.errno cimport EINVAL, ELOOP, ENOENT, ENOTDIR, errno
from libc.stddef cimport size_t
from libc.string cimport memcmp, memset

cdef extern from "<fcntl.h>" nogil:
    int open(const char *path, int flags)
    int O_RDONLY, O_CLOEXEC, O_NONBLOCK

cdef extern from "<unistd.h>" nogil:
    int close(int descriptor)
    long sysconf(int name)
    int _SC_PAGESIZE

cdef extern from "<sys/stat.h>" nogil:
    struct timespec:
        long long tv_sec
        long tv_nsec
    struct stat_t "stat":
        unsigned long st_dev
        unsigned long st_ino
        long long st_size
        unsigned int st_mode
        timespec st_mtim
        timespec st_ctim
    int fstat(int descriptor, stat_t *status)
    int lstat(const char *path, stat_t *status)
    bint S_ISREG(unsigned int mode)

cdef extern from "<sys/mman.h>" nogil:
    void *mmap(void *address, size_t length, int protection, int flags, int descriptor, long offset)
    int munmap(void *address, size_t length)
    int madvise(void *address, size_t length, int advice)
    int PROT_READ, MAP_SHARED, MADV_WILLNEED
    void *MAP_FAILED

cdef extern from "<time.h>" nogil:
    int clock_gettime(int clock, timespec *now)
    int CLOCK_MONOTONIC

cdef struct stamp_t:
    unsigned long device
    unsigned long inode
    long long size
    long long modified
    long modified_ns
    long long changed
    long changed_ns

cdef size_t PAGE = <size_t>sysconf(_SC_PAGESIZE)
cdef char EMPTY = 0


cdef class Mapping:
    """One file mapped whole, shared and read-only; a buffer of bytes that lives as long as any view of it.

    The file must not be truncated while it is mapped: reads past its end raise SIGBUS.  Replace it by rename; the map
    then still shows the old bytes.

    Args:
        path: the file, as ``os.fsencode`` takes it.

    Raises:
        OSError: the file cannot be opened or mapped.
    """

    cdef object __weakref__
    cdef readonly object path
    cdef readonly long long generation  # counts the changes of the file that look() has seen
    cdef readonly double seen  # time.monotonic() at the first look at its present state
    cdef bytes name
    cdef void *address
    cdef size_t size
    cdef stamp_t first  # of the mapped file, when it was mapped
    cdef stamp_t stamp  # of what the path leads to, when it was last looked at

    def __cinit__(self, path):
        import os

        self.path = os.fspath(path)
        self.name = os.fsencode(path)
        cdef const char *name = self.name
        cdef int failed
        with nogil:
            failed = map_file(name, &self.address, &self.size, &self.first)
        if failed:
            (&errno)[0] = failed
            PyErr_SetFromErrnoWithFilenameObject(OSError, self.path)
        self.stamp = self.first
        self.seen = monotonic()

    def __dealloc__(self):
        if self.address != NULL:
            munmap(self.address, self.size)

    def __len__(self):
        """Return the size of the file when it was mapped."""
        return self.size

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        cdef void *address = self.address if self.address != NULL else &EMPTY
        PyBuffer_FillInfo(buffer, self, address, self.size, 1, flags)

    @property
    def changed(self):
        """Return the time at which the file was changed last, by its file system's clock, as last seen."""
        return self.stamp.changed + 1e-9 * self.stamp.changed_ns

    @property
    def is_named(self):
        """Return whether the path led to the mapped file when it was last looked at."""
        return self.stamp.inode == self.first.inode and self.stamp.device == self.first.device

    @property
    def length(self):
        """Return the size of the file as last seen; bytes of the map after it must not be read."""
        return self.stamp.size if self.is_named else self.size

    def look(self):
        """Look at the file and return the generation: another one than before if it was changed, moved or replaced.

        The kernel updates the times of a file before the bytes that a write or a first store through a map changes, so
        a reader of a changed byte sees another generation, except for two changes within one tick of the file's clock.
        """
        cdef stamp_t now
        if stamp_at(self.name, &now) or memcmp(&now, &self.stamp, sizeof(stamp_t)) != 0:
            self.stamp = now
            self.seen = monotonic()
            self.generation += 1
        return self.generation

    def prefault(self, size_t offset, size_t length):
        """Bring a range into memory now, outside the GIL, so that no request waits for the disk.

        Raises:
            ValueError: the range is not inside the map.
        """
        if offset > self.size or length > self.size - offset:
            raise ValueError(f"{self.path}: {offset}+{length} is outside the {self.size} bytes mapped")
        with nogil:
            touch(<const char *>self.address, offset, length)


cdef double monotonic() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec + 1e-9 * now.tv_nsec


cdef void stamp_of(const stat_t *status, stamp_t *stamp) noexcept nogil:
    memset(stamp, 0, sizeof(stamp_t))  # stamps are compared with their padding
    stamp.device, stamp.inode, stamp.size = status.st_dev, status.st_ino, status.st_size
    stamp.modified, stamp.modified_ns = status.st_mtim.tv_sec, status.st_mtim.tv_nsec
    stamp.changed, stamp.changed_ns = status.st_ctim.tv_sec, status.st_ctim.tv_nsec


cdef bint stamp_at(const char *name, stamp_t *stamp) noexcept nogil:
    """Read the stamp of a path, zeros if it is missing; return whether the state of the file is unknown."""
    cdef stat_t status
    if lstat(name, &status) == 0:
        stamp_of(&status, stamp)
        return False
    memset(stamp, 0, sizeof(stamp_t))
    return errno != ENOENT and errno != ENOTDIR and errno != ELOOP


cdef int map_file(const char *name, void **address, size_t *size, stamp_t *stamp) noexcept nogil:
    """Map a file and close it; return zero, or the errno of the failed call."""
    cdef stat_t status
    cdef int failed = 0
    cdef int descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  # opening a FIFO would block
    if descriptor < 0:
        return errno or EINVAL
    address[0] = NULL
    size[0] = 0
    if fstat(descriptor, &status) < 0:
        failed = errno or EINVAL
        close(descriptor)
        return failed
    stamp_of(&status, stamp)
    if not S_ISREG(status.st_mode):
        failed = EINVAL
    elif status.st_size > 0:  # mmap(2) rejects an empty range: an empty file is an empty buffer
        address[0] = mmap(NULL, <size_t>status.st_size, PROT_READ, MAP_SHARED, descriptor, 0)
        if address[0] == MAP_FAILED:
            address[0] = NULL
            failed = errno
        else:
            size[0] = <size_t>status.st_size
    close(descriptor)
    return failed


cdef void touch(const char *address, size_t offset, size_t length) noexcept nogil:
    """Read one byte of each page of a range, after requesting all of them at once."""
    cdef size_t first = offset - offset % PAGE
    cdef size_t at = first
    cdef volatile char seen
    if length == 0:
        return
    madvise(<void *>(address + first), offset + length - first, MADV_WILLNEED)
    while at < offset + length:
        seen = address[at]
        at += PAGE
