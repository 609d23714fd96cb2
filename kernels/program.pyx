"""The program: an array of kernels over the slots of a frame; one Python call, the GIL released once, then C.

Rows are taken in blocks, so that what passes between kernels stays in the cache: every kernel runs over one block, then
all over the next.  A row's result never depends on the block it falls in.
"""

from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

import numpy as np

from pretzel.kernels.frame cimport (
    CANCELLED, LATE, MISSING_NAN, MISSING_NONE, OK, OUT_OF_MEMORY, REFUSED, Buffer, Frame, Slot, Text, Workspace, reserve,
)
from pretzel.kernels.kernel cimport Kernel

cdef extern from "time.h" nogil:
    ctypedef long time_t
    struct timespec:
        time_t tv_sec
        long tv_nsec
    int clock_gettime(int clock, timespec* now)
    int CLOCK_MONOTONIC

cdef enum Layout:
    DENSE = 0
    SPARSE = 1
    RAGGED = 2

cdef dict LAYOUTS = {"dense": DENSE, "sparse": SPARSE, "ragged": RAGGED}
cdef dict ITEM_SIZES = {
    "bool": 1, "i8": 1, "u8": 1, "i16": 2, "u16": 2, "i32": 4, "u32": 4, "f32": 4, "i64": 8, "u64": 8, "f64": 8,
    "str": sizeof(Text),
}

cdef struct Shape:
    int layout
    int64_t itemsize
    int64_t width

cdef struct Step:
    PyObject* kernel       # borrowed: the program's tuple keeps it
    int first_input        # where this step's inputs begin in `reads`
    int output

# Where an input's rows lie for the whole request, so that each block is an addition away.
cdef struct Source:
    char* values
    int32_t* columns
    int64_t* starts


class Refused(ValueError):
    """A kernel refused a value; ``kernel``, ``code``, ``row``, ``column`` and ``value`` say which and why."""

    def __init__(self, kernel, code, row, column, value):
        super().__init__(kernel.describe(code, row, column, value))
        self.kernel, self.code, self.row, self.column, self.value = kernel, code, row, column, value


cdef class Token:
    """A flag that another thread may raise to stop a run between two kernels."""

    cdef volatile int raised

    def cancel(self):
        """Stop the run that was given this token, soon."""
        self.raised = 1


cdef class Program:
    """Kernels in order over typed slots.

    ``types``: the type of each slot, the first ``inputs`` of them brought by requests.  ``steps``: a
    ``(kernel, slots read, slot written)`` each.  ``outputs``: slots whose values a run returns; none of them an input,
    none twice.  ``block``: rows taken at a time; outputs that are not dense numbers make it one block.
    """

    cdef tuple kernels, types
    cdef Shape* shapes
    cdef Step* steps
    cdef int* reads
    cdef int* returns
    cdef int slot_count, input_count, step_count, output_count, read_count
    cdef int64_t block
    cdef bint one_block

    def __init__(self, types, int inputs, steps, outputs, int64_t block):
        self.types = tuple(types)
        self.kernels = tuple(kernel for kernel, _, _ in steps)
        self.slot_count, self.input_count = len(types), inputs
        self.step_count, self.output_count = len(steps), len(outputs)
        self.block = max(block, 1)
        self.shapes = <Shape*>calloc(self.slot_count + 1, sizeof(Shape))
        self.steps = <Step*>calloc(self.step_count + 1, sizeof(Step))
        self.reads = <int*>calloc(sum(len(read) for _, read, _ in steps) + 1, sizeof(int))
        self.returns = <int*>calloc(self.output_count + 1, sizeof(int))
        if not (self.shapes and self.steps and self.reads and self.returns):
            raise MemoryError("program: no memory for its tables")
        self._set_shapes()
        self._set_steps(steps)
        for i, slot in enumerate(outputs):
            self.returns[i] = slot
            self.one_block |= self.shapes[<int>slot].layout != DENSE or self.types[slot].dtype == "str"

    def __dealloc__(self):
        free(self.shapes)
        free(self.steps)
        free(self.reads)
        free(self.returns)

    def _set_shapes(self):
        for i, kind in enumerate(self.types):
            self.shapes[i].layout = LAYOUTS[kind.layout]
            self.shapes[i].itemsize = ITEM_SIZES[kind.dtype]
            self.shapes[i].width = kind.columns

    def _set_steps(self, steps):
        cdef int at = 0, i
        for i, (kernel, read, written) in enumerate(steps):
            if not isinstance(kernel, Kernel):
                raise TypeError(f"step {i}: {type(kernel).__name__} is no kernel")
            if not all(0 <= slot < written for slot in read) or not self.input_count <= written < self.slot_count:
                raise ValueError(f"step {i}: reads {read}, writes {written}, of {self.slot_count} slots")
            self.steps[i].kernel = <PyObject*>self.kernels[i]
            self.steps[i].first_input, self.steps[i].output = at, written
            for slot in read:
                self.reads[at] = slot
                at += 1
        self.read_count = at

    def run(self, Workspace workspace not None, list columns not None, int64_t rows, double deadline=0.0, Token token=None):
        """Run over ``rows`` rows and return the list of the outputs' values.

        ``columns``: for each input a C-contiguous array of its type; a tuple of str; a list ``[data, lengths, missing]`` of
        the arrays of a packed text column; or ``(values, columns, starts)`` of a sparse one.  The caller has checked types and
        sizes.  ``deadline``: a time of the monotonic clock in seconds, 0 for none.

        Returns dense arrays, ``(values, columns, starts)`` for sparse, and lists of str or None or NaN for texts.

        Raises:
            Refused: a kernel refused a value.
            TimeoutError, InterruptedError, MemoryError: the deadline passed, the token was raised, memory ran out.
        """
        cdef Frame* frame = &workspace.frame
        cdef Source* sources
        cdef int status, failed = 0
        workspace.make_slots(self.slot_count)
        sources = <Source*>calloc(self.slot_count + 1, sizeof(Source))
        if sources == NULL:
            raise MemoryError("program: no memory for the sources of a run")
        try:
            for i in range(self.input_count):
                _bind(&frame.slots[i], &sources[i], &self.shapes[i], columns[i])
            results = self._make_outputs(sources, rows)
            with nogil:
                status = self._run(frame, sources, rows, deadline, token, &failed)
            if status != OK:
                self._raise(frame, status, failed)
            return [self._collect(frame, i, rows, result) for i, result in enumerate(results)]
        finally:
            free(sources)

    cdef list _make_outputs(self, Source* sources, int64_t rows):
        """Allocate the dense outputs, for the kernels to write where the caller will read."""
        cdef list results = []
        cdef int slot, i
        for i in range(self.output_count):
            slot = self.returns[i]
            kind = self.types[slot]
            if self.shapes[slot].layout != DENSE or kind.dtype == "str":
                results.append(None)
                continue
            array = np.empty(rows if kind.width is None else (rows, kind.width), kind.numpy)
            sources[slot].values = _address(array)
            results.append(array)
        return results

    cdef int _run(self, Frame* frame, Source* sources, int64_t rows, double deadline, Token token, int* failed) noexcept nogil:
        cdef int64_t first = 0, block = rows if self.one_block else min(self.block, rows)
        cdef int status, i
        while True:
            frame.first_row = first
            frame.rows = min(block, rows - first)
            if self._place(frame, sources, first) != OK:
                return OUT_OF_MEMORY
            for i in range(self.step_count):
                status = self._step(frame, i)
                if status != OK:
                    failed[0] = i
                    return status
                if token is not None and token.raised:
                    return CANCELLED
            first += frame.rows
            if first >= rows:
                return OK
            if deadline > 0 and _now() > deadline:
                return LATE

    cdef int _place(self, Frame* frame, Source* sources, int64_t first) noexcept nogil:
        """Point every slot at the memory of this block."""
        cdef int i
        cdef Slot* slot
        cdef Shape* shape
        for i in range(self.slot_count):
            slot, shape = &frame.slots[i], &self.shapes[i]
            slot.width = shape.width
            if shape.layout == DENSE and sources[i].values != NULL:
                slot.values = sources[i].values + first * shape.width * shape.itemsize
            elif shape.layout == DENSE:
                # A little more than needed, so that vector kernels may read a whole register past the end.
                if reserve(&slot.own_values, frame.rows * shape.width * shape.itemsize + 64) != OK:
                    return OUT_OF_MEMORY
                slot.values = slot.own_values.at
            elif i < self.input_count:
                slot.values, slot.columns = sources[i].values, sources[i].columns
                slot.starts = sources[i].starts + first
        return OK

    cdef int _step(self, Frame* frame, int i) noexcept nogil:
        cdef Slot* inputs[64]
        cdef Slot** many = inputs
        cdef int first = self.steps[i].first_input, count = self._inputs_of(i), k, status
        if count > 64:
            many = <Slot**>calloc(count, sizeof(Slot*))
            if many == NULL:
                return OUT_OF_MEMORY
        for k in range(count):
            many[k] = &frame.slots[self.reads[first + k]]
        status = (<Kernel>self.steps[i].kernel).run(frame, many, &frame.slots[self.steps[i].output])
        if many != inputs:
            free(many)
        return status

    cdef int _inputs_of(self, int i) noexcept nogil:
        cdef int end = self.steps[i + 1].first_input if i + 1 < self.step_count else self.read_count
        return end - self.steps[i].first_input

    cdef _raise(self, Frame* frame, int status, int failed):
        if status == REFUSED:
            value = frame.text.at[:frame.text.length].decode() if frame.text.at != NULL else frame.value
            frame.text.at = NULL
            raise Refused(self.kernels[failed], frame.code, frame.first_row + frame.row, frame.column, value)
        if status == CANCELLED:
            raise InterruptedError("the run was cancelled")
        if status == LATE:
            raise TimeoutError("the deadline passed during the run")
        if status == OUT_OF_MEMORY:
            raise MemoryError("a kernel found no memory")
        raise SystemError(f"{type(self.kernels[failed]).__name__} returned status {status}")

    cdef _collect(self, Frame* frame, int i, int64_t rows, result):
        cdef int slot = self.returns[i]
        if result is not None:
            return result
        if self.shapes[slot].layout == SPARSE:
            return _take_sparse(&frame.slots[slot], rows, self.types[slot].numpy)
        return _take_texts(&frame.slots[slot], rows * self.shapes[slot].width)


cdef double _now() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec + now.tv_nsec * 1e-9


cdef char* _address(array) except NULL:
    """Return where a C-contiguous array begins; an empty one has some address too."""

    if array.nbytes == 0:
        return <char*>&_NOTHING
    return <char*><size_t>array.__array_interface__["data"][0]


cdef double _NOTHING = 0.0


cdef int _bind(Slot* slot, Source* source, Shape* shape, column) except -1:
    """Point a source at the memory of a request's column."""
    if shape.layout == SPARSE:
        source.values, source.columns = _address(column[0]), <int32_t*>_address(column[1])
        source.starts = <int64_t*>_address(column[2])
    elif isinstance(column, tuple):
        _reserve_texts(slot, source, len(column))
        _view_strings(<Text*>source.values, column)
    elif isinstance(column, list):
        _reserve_texts(slot, source, len(column[1]))
        _view_packed(<Text*>source.values, column[0], column[1], column[2])
    else:
        source.values = _address(column)
    return 0


cdef int _reserve_texts(Slot* slot, Source* source, int64_t count) except -1:
    if reserve(&slot.own_values, count * sizeof(Text) + 64) != OK:
        raise MemoryError(f"frame: no memory for {count} texts")
    source.values = <char*>slot.own_values.at
    return 0


cdef int _view_strings(Text* texts, tuple strings) except -1:
    """View each string where it lies; CPython keeps the UTF-8 of a string that is not ASCII beside it."""
    cdef Py_ssize_t length, i
    for i in range(len(strings)):
        text = strings[i]
        if isinstance(text, str):
            texts[i].at = PyUnicode_AsUTF8AndSize(text, &length)
            texts[i].length = length
        else:
            texts[i].at, texts[i].length = NULL, MISSING_NONE if text is None else MISSING_NAN
    return 0


cdef int _view_packed(Text* texts, data, const uint32_t[::1] lengths, missing) except -1:
    cdef const char* at = _address(data)
    cdef const uint8_t[::1] absent = missing
    cdef Py_ssize_t i
    for i in range(lengths.shape[0]):
        texts[i].at, texts[i].length = at, lengths[i]
        at += lengths[i]
        if absent is not None and absent[i]:
            texts[i].length = MISSING_NAN if absent[i] == 1 else MISSING_NONE
    return 0


cdef tuple _take_sparse(Slot* slot, int64_t rows, dtype):
    cdef int64_t stored = slot.starts[rows] - slot.starts[0], first = slot.starts[0], size = dtype.itemsize
    values, columns = np.empty(stored, dtype), np.empty(stored, np.int32)
    starts = np.empty(rows + 1, np.int64)
    memcpy(_address(values), <char*>slot.values + first * size, <size_t>(stored * size))
    memcpy(_address(columns), slot.columns + first, <size_t>(stored * 4))
    memcpy(_address(starts), slot.starts, <size_t>((rows + 1) * 8))
    return values, columns, starts - first if first else starts


cdef list _take_texts(Slot* slot, int64_t count):
    cdef Text* texts = <Text*>slot.values
    cdef list out = []
    cdef int64_t i
    for i in range(count):
        if texts[i].length >= 0:
            out.append(texts[i].at[:texts[i].length].decode())
        else:
            out.append(None if texts[i].length == MISSING_NONE else float("nan"))
    return out
