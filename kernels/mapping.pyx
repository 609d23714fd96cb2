"""Read-only maps of files through mmap(2), which keep no descriptor open (Python's ``mmap`` keeps one a map)."""

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.exc cimport PyErr_SetFromErrnoWithFilenameObject
from libc.errno cimport EINVAL, errno
from libc.stddef cimport size_t

cdef extern from "<fcntl.h>" nogil:
    int open(const char *path, int flags)
    int O_RDONLY, O_CLOEXEC, O_NONBLOCK

cdef extern from "<unistd.h>" nogil:
    int close(int descriptor)
    long sysconf(int name)
    int _SC_PAGESIZE

cdef extern from "<sys/stat.h>" nogil:
    struct stat_t "stat":
        long long st_size
        unsigned int st_mode
    int fstat(int descriptor, stat_t *status)
    bint S_ISREG(unsigned int mode)

cdef extern from "<sys/mman.h>" nogil:
    void *mmap(void *address, size_t length, int protection, int flags, int descriptor, long offset)
    int munmap(void *address, size_t length)
    int madvise(void *address, size_t length, int advice)
    int PROT_READ, MAP_SHARED, MADV_WILLNEED
    void *MAP_FAILED

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
    cdef void *address
    cdef size_t size

    def __cinit__(self, path):
        import os

        self.path = os.fspath(path)
        cdef bytes encoded = os.fsencode(path)
        cdef const char *name = encoded
        cdef int failed
        with nogil:
            failed = map_file(name, &self.address, &self.size)
        if failed:
            (&errno)[0] = failed
            PyErr_SetFromErrnoWithFilenameObject(OSError, self.path)

    def __dealloc__(self):
        if self.address != NULL:
            munmap(self.address, self.size)

    def __len__(self):
        """Return the size of the file when it was mapped."""
        return self.size

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        cdef void *address = self.address if self.address != NULL else &EMPTY
        PyBuffer_FillInfo(buffer, self, address, self.size, 1, flags)

    def prefault(self, size_t offset, size_t length):
        """Bring a range into memory now, outside the GIL, so that no request waits for the disk.

        Raises:
            ValueError: the range is not inside the map.
        """
        if offset > self.size or length > self.size - offset:
            raise ValueError(f"{self.path}: {offset}+{length} is outside the {self.size} bytes mapped")
        with nogil:
            touch(<const char *>self.address, offset, length)


cdef int map_file(const char *name, void **address, size_t *size) noexcept nogil:
    """Map a file and close it; return zero, or the errno of the failed call."""
    cdef stat_t status
    cdef int failed = 0
    cdef int descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  # opening a FIFO would block
    if descriptor < 0:
        return errno or EINVAL
    address[0] = NULL
    size[0] = 0
    if fstat(descriptor, &status) < 0:
        failed = errno
    elif not S_ISREG(status.st_mode):
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
