# The memory that kernels read and write: slots of a frame, plain C structs that live across calls and only grow.
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

cdef extern from "stdlib.h" nogil:
    void* aligned_alloc(size_t alignment, size_t size)

cdef extern from "time.h" nogil:
    ctypedef long time_t
    struct timespec:
        time_t tv_sec
        long tv_nsec
    int clock_gettime(int clock, timespec* now)
    int CLOCK_MONOTONIC


cdef extern from "watched.h" nogil:
    void watch(const void* at, int64_t used, int64_t capacity)

cdef extern from *:
    """
    #define MOST_BYTES ((int64_t)1 << 48)
    """
    const int64_t MOST_BYTES  # no machine has so many, and sizes up to it can be added without overflow


cdef enum Status:
    OK = 0
    OUT_OF_MEMORY = 1
    CANCELLED = 2      # the caller cancelled
    LATE = 3           # the deadline passed
    REFUSED = 4        # a rejected value: frame.code, row and column locate it; Kernel.describe explains it


# A text: bytes of valid UTF-8 stored elsewhere (in the request, in a parameter, or in some slot's bytes).
# The length MISSING_NAN or MISSING_NONE marks a missing text; its pointer has no meaning.
cdef struct Text:
    const char* at
    int64_t length

cdef enum:
    MISSING_NAN = -1
    MISSING_NONE = -2

# Memory that a slot owns; it grows and is not freed before the frame is.
cdef struct Buffer:
    void* at
    int64_t capacity   # bytes

# One value of `rows` rows.
#   dense    values[row * width + column], of the slot's element type; texts are Text structs
#   sparse   values[k], columns[k] for k in starts[row] .. starts[row + 1] - 1, columns ascending within a row
#   ragged   texts values[k] for k in starts[row] .. starts[row + 1] - 1
# starts[0] need not be 0: the rows may be a block of a larger value.
cdef struct Slot:
    void* values
    int32_t* columns
    int64_t* starts
    int64_t width          # columns of the type; 1 for one value per row
    char* origin           # inputs and dense outputs: the start of the rows of the whole request; else NULL
    int64_t* origin_starts # sparse inputs: the starts of the whole request
    Buffer own_values      # targets of `values`, `columns`, `starts` unless the slot is an input or output
    Buffer own_columns
    Buffer own_starts
    Buffer own_bytes       # bytes of texts that a kernel wrote

# The slots of one run, and working memory that every kernel may use.
cdef struct Frame:
    Slot* slots
    int64_t capacity       # slots allocated
    int64_t rows           # rows of this block
    int64_t first_row      # first row of the block in the request
    int code               # set with REFUSED: the kernel's own number for the error
    int64_t row            # set with REFUSED: row of the block
    int64_t column         # set with REFUSED
    double value           # set with REFUSED: the value, if it is a number
    Text text              # set with REFUSED: the value, if it is a text
    Buffer scratch         # any kernel's, during one run() of one kernel
    Buffer scratch2
    Slot tile              # sparse rows, and
    Buffer tokens          # the tokens of a row, passed between the parts of a fused kernel
    const volatile int* raised  # not zero once the caller cancels; NULL if it cannot
    double deadline        # on the monotonic clock, in seconds; 0 for none


# Allocates `bytes` and half as many more, so that a buffer seldom grows; NULL if memory is exhausted.
cdef inline void* allocate(int64_t bytes, int64_t* capacity) noexcept nogil:
    if not 0 <= bytes <= MOST_BYTES:  # a product of sizes overflowed
        return NULL
    capacity[0] = (bytes + (bytes >> 1) + 127) & ~<int64_t>63
    return aligned_alloc(64, <size_t>capacity[0])


# Makes room for `bytes`; the contents are lost when it grows.  Returns OK or OUT_OF_MEMORY.
cdef inline int reserve(Buffer* buffer, int64_t bytes) noexcept nogil:
    cdef int64_t capacity = 0
    if <uint64_t>bytes > <uint64_t>buffer.capacity:
        free(buffer.at)
        buffer.at = allocate(bytes, &capacity)
        buffer.capacity = capacity if buffer.at != NULL else 0
        if buffer.at == NULL:
            return OUT_OF_MEMORY
    watch(buffer.at, bytes, buffer.capacity)
    return OK


# Makes room for `bytes` and preserves the first `used`.
cdef inline int extend(Buffer* buffer, int64_t bytes, int64_t used) noexcept nogil:
    cdef int64_t capacity = 0
    cdef void* at
    if <uint64_t>bytes > <uint64_t>buffer.capacity:
        at = allocate(bytes, &capacity)
        if at == NULL:
            return OUT_OF_MEMORY
        if used > 0:
            memcpy(at, buffer.at, <size_t>used)
        free(buffer.at)
        buffer.at, buffer.capacity = at, capacity
    watch(buffer.at, bytes, buffer.capacity)
    return OK


# Gives a sparse slot its starts, and room for `stored` values of `itemsize` bytes (contents lost).
cdef inline int reserve_sparse(Frame* frame, Slot* slot, int64_t stored, int64_t itemsize) noexcept nogil:
    if reserve(&slot.own_starts, (frame.rows + 1) * 8) or reserve(&slot.own_columns, stored * 4 + 64):
        return OUT_OF_MEMORY
    if reserve(&slot.own_values, stored * itemsize + 64):
        return OUT_OF_MEMORY
    slot.starts = <int64_t*>slot.own_starts.at
    slot.columns = <int32_t*>slot.own_columns.at
    slot.values = slot.own_values.at
    return OK


# Like reserve_sparse, but preserves the first `used` values; for kernels that learn the count row by row.
cdef inline int extend_sparse(Slot* slot, int64_t stored, int64_t used, int64_t itemsize) noexcept nogil:
    if extend(&slot.own_columns, stored * 4 + 64, used * 4) != OK:
        return OUT_OF_MEMORY
    if extend(&slot.own_values, stored * itemsize + 64, used * itemsize) != OK:
        return OUT_OF_MEMORY
    slot.columns = <int32_t*>slot.own_columns.at
    slot.values = slot.own_values.at
    return OK


# Gives a ragged slot its starts, and room for `count` texts (contents lost).
cdef inline int reserve_ragged(Frame* frame, Slot* slot, int64_t count) noexcept nogil:
    if reserve(&slot.own_starts, (frame.rows + 1) * 8) or reserve(&slot.own_values, count * sizeof(Text) + 64):
        return OUT_OF_MEMORY
    slot.starts = <int64_t*>slot.own_starts.at
    slot.values = slot.own_values.at
    return OK


cdef inline double now() noexcept nogil:
    cdef timespec time
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec + time.tv_nsec * 1e-9


# Checks for cancellation and the deadline between two rows of a slow kernel.  Returns OK, CANCELLED or LATE.
cdef inline int interrupted(const Frame* frame) noexcept nogil:
    if frame.raised != NULL and frame.raised[0]:
        return CANCELLED
    return LATE if frame.deadline > 0 and now() > frame.deadline else OK


cdef inline int reject(Frame* frame, int code, int64_t row, int64_t column, double value) noexcept nogil:
    frame.code = code
    frame.row = row
    frame.column = column
    frame.value = value
    return REFUSED


cdef class Workspace:
    cdef Frame frame
    cdef int make_slots(self, int64_t count) except -1
