"""The program: an array of kernels over the slots of a frame; one Python call, one release of the GIL, then C.

Rows are processed in blocks, so that values passed between kernels stay in the cache: every kernel runs over one block,
then all over the next.  A row's result never depends on its block.  Sparse rows that a run returns are copied out of
each block to a pile.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

import numpy as np

from pretzel.kernels.marshal cimport DENSE, SPARSE, address, bind, take_sparse, take_texts
from pretzel.kernels.frame cimport CANCELLED, OK, OUT_OF_MEMORY, Frame, Slot, Workspace, interrupted, now, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.memory cimport place_block
from pretzel.kernels.noted cimport Note
from pretzel.kernels.piles cimport Piles
from pretzel.kernels.shapes cimport Shape, set_shape
from pretzel.kernels.sizes cimport add_bytes, written_bytes
from pretzel.kernels.stopped cimport TOO_LARGE, raise_stopped

from pretzel.kernels.shapes import allocated_as

cdef class Token:
    """A flag that another thread may raise to stop a run between two kernels, or between two rows of a slow one."""

    def cancel(self):
        """Stop the run that has this token, soon."""
        self.raised = 1


cdef class Split:
    cdef int run(self, Program program, Frame* frame, Run* run) noexcept nogil:
        return program.run_blocks(frame, run, NULL)

    cdef tuple take_rows(self, int i, dtype):
        return None


cdef class Program:
    """Kernels in order over typed slots.

    ``types``: the type of each slot; the first ``inputs`` of them come from requests.  ``steps``: a
    ``(kernel, slots read, slot written)`` each; a kernel with more than one of ``outputs`` writes the slots that follow
    too.  ``outputs``: slots whose values a run returns, distinct and not inputs.  ``block``: rows processed at a
    time; outputs of texts and of ragged rows make it one block.  ``noted``: keys of the plans that a run records.
    """

    def __init__(self, types, int inputs, steps, outputs, int64_t block, bytes noted=b""):
        self.types = tuple(types)
        self.forms = tuple(allocated_as(kind) for kind in types)
        self.kernels = tuple(kernel for kernel, _, _ in steps)
        self.slot_count, self.input_count = len(types), inputs
        self.step_count, self.output_count = len(steps), len(outputs)
        self.block, self.noted = max(block, 1), Note(noted)
        self.shapes = <Shape*>calloc(self.slot_count + 1, sizeof(Shape))
        self.steps = <Step*>calloc(self.step_count + 1, sizeof(Step))
        self.reads = <int*>calloc(sum(len(read) for _, read, _ in steps) + 1, sizeof(int))
        self.returns = <int*>calloc(self.output_count + 1, sizeof(int))
        if not (self.shapes and self.steps and self.reads and self.returns):
            raise MemoryError("program: no memory for its tables")
        for i, kind in enumerate(self.types):
            set_shape(&self.shapes[i], kind)
        self._set_steps(steps)
        for i, slot in enumerate(outputs):
            self.returns[i] = slot
            self.one_block |= self.forms[slot][1] is None and self.shapes[slot].layout != SPARSE
        sizes = [(slot, self.shapes[slot].itemsize) for slot in outputs if self.shapes[slot].layout == SPARSE]
        self.piles = Piles(self.slot_count, sizes)

    def __dealloc__(self):
        free(self.shapes)
        free(self.steps)
        free(self.reads)
        free(self.returns)

    def _set_steps(self, steps):
        cdef int at = 0, i
        for i, (kernel, read, written) in enumerate(steps):
            if not isinstance(kernel, Kernel):
                raise TypeError(f"step {i}: {type(kernel).__name__} is not a kernel")
            last = written + getattr(kernel, "outputs", 1) - 1
            in_order = all(0 <= slot < written for slot in read)
            if not in_order or not self.input_count <= written <= last < self.slot_count:
                raise ValueError(f"step {i}: reads {read}, writes {written} to {last}, of {self.slot_count} slots")
            self.steps[i].kernel = <PyObject*>self.kernels[i]
            self.steps[i].first_input, self.steps[i].output = at, written
            for slot in read:
                self.reads[at] = slot
                at += 1
        self.read_count = at

    def run(
        self, Workspace workspace not None, list columns not None, int64_t rows, double deadline=0.0, Token token=None,
        int64_t most=0, Split split=None,
    ):
        """Run over ``rows`` rows and return the list of the outputs' values.

        ``columns``: for each input a C-contiguous array of its type; a tuple of str; a list ``[data, lengths,
        missing]`` of the arrays of a packed text column; ``(values, columns, starts)`` of a sparse one; or ``(items,
        starts)`` of a ragged one, the items in one of these forms.  The caller has checked types and sizes.
        ``deadline``: a time of the monotonic clock in seconds, 0 for none.  ``most``: the limit in bytes for texts,
        sparse and ragged values of one block together, checked after each step; 0 for none.  ``split``: other threads.

        Returns dense arrays, ``(values, columns, starts)`` for sparse, and ``(bytes, lengths, missing)`` for texts.

        Raises:
            Refused: a kernel rejected a value.
            TimeoutError, InterruptedError, MemoryError: the deadline passed, the token was raised, memory ran out or
                the values took more than ``most``.
        """
        cdef Frame* frame = self.begin(workspace)
        cdef Run run = Run(rows, deadline, NULL, most, 0, NULL, NULL)
        cdef int status, i
        if token is not None:
            run.raised = &token.raised
        if split is not None:
            run.split, split.keeps_pieces = <PyObject*>split, True
        self.bind_inputs(frame, columns)
        results = self.make_outputs(frame, rows)
        with nogil:
            status = self.run_all(frame, &run)
        if status != OK:
            self.fail(frame, status, &run)
        for i in range(self.output_count):
            if results[i] is None:
                results[i] = self.collect(frame, i, rows, split)
        return results

    def profile(self, Workspace workspace not None, list columns not None, int64_t rows):
        """Return, for each step of a run over ``rows`` rows, its seconds and the number of entries it wrote.

        Entries are the values of sparse rows and the tokens of ragged ones; -1 for dense ones.  Raises as :meth:`run`.
        """
        cdef Frame* frame = self.begin(workspace)
        cdef Run run = Run(rows, 0.0, NULL, 0, 0, NULL, NULL)
        cdef Observed* observed = <Observed*>calloc(self.step_count + 1, sizeof(Observed))
        cdef int status, i
        if observed == NULL:
            raise MemoryError("program: no memory for what is observed")
        try:
            self.bind_inputs(frame, columns)
            with nogil:
                status = self.run_blocks(frame, &run, observed)
            if status != OK:
                self.fail(frame, status, &run)
            return [(observed[i].seconds, observed[i].entries) for i in range(self.step_count)]
        finally:
            free(observed)

    cdef Frame* begin(self, Workspace workspace) except NULL:
        cdef int i
        workspace.make_slots(self.piles.slots_needed())
        for i in range(self.slot_count):
            workspace.frame.slots[i].origin = NULL
        workspace.frame.text.at = NULL
        return &workspace.frame

    cdef int execute(self, Frame* frame, Run* run) noexcept nogil:
        return OUT_OF_MEMORY if self.place_outputs(frame, run.rows) != OK else self.run_all(frame, run)

    cdef int run_all(self, Frame* frame, Run* run) noexcept nogil:
        cdef char* line = self.noted.begin()
        status = self.run_blocks(frame, run, NULL) if run.split == NULL else (<Split>run.split).run(self, frame, run)
        self.noted.end(line)
        return status

    cdef int bind_inputs(self, Frame* frame, list columns) except -1:
        for i in range(self.input_count):
            bind(&frame.slots[i], self.shapes[i].layout, columns[i])
        return 0

    cdef int place_outputs(self, Frame* frame, int64_t rows) noexcept nogil:
        """Give each output of dense numbers memory of the frame for all rows, because a block holds only some."""
        cdef Slot* slot
        cdef Shape* shape
        for i in range(self.output_count):
            slot, shape = self.output(frame, i), self.shape(i)
            if shape.layout != DENSE or shape.is_text:
                continue
            # Not in own_values: by that address a kernel knows a value that only later kernels read.
            if reserve(&slot.own_bytes, rows * shape.width * shape.itemsize + 64) != OK:
                return OUT_OF_MEMORY
            slot.origin = <char*>slot.own_bytes.at
        return OK

    cdef list make_outputs(self, Frame* frame, int64_t rows):
        """Allocate the dense outputs, so that kernels write directly into the results."""
        cdef list results = []
        cdef int slot, i
        for i in range(self.output_count):
            slot = self.returns[i]
            width, dtype = self.forms[slot]
            if dtype is None:
                results.append(None)
                continue
            array = np.empty(rows if width is None else (rows, width), dtype)
            frame.slots[slot].origin = address(array)
            results.append(array)
        return results

    cdef int run_blocks(self, Frame* frame, Run* run, Observed* observed) noexcept nogil:
        cdef int64_t first = 0, block = run.rows if self.one_block else min(self.block, run.rows), used = 0
        cdef bint piled = self.piles.count and block < run.rows
        cdef int status
        frame.raised, frame.deadline = run.raised, run.deadline
        if piled:
            run.used = &used
        while True:
            frame.first_row = first
            frame.rows = min(block, run.rows - first)
            status = self.run_block(frame, run, observed)
            if status == OK and piled:
                status = self.piles.add(frame, &used, run.most, first, run.rows)
            first += frame.rows
            if status == OK and first < run.rows:
                status = interrupted(frame)
            if status != OK or first >= run.rows:
                break
        if piled:
            run.used = NULL
            self.piles.show(frame)
        return status

    cdef int run_block(self, Frame* frame, Run* run, Observed* observed) noexcept nogil:
        cdef int64_t used = 0, written
        cdef int status, i, output
        if self.place(frame, frame.first_row) != OK:
            return OUT_OF_MEMORY
        for i in range(self.step_count):
            status = self.step(frame, i) if observed == NULL else self.observe(frame, i, observed + i)
            run.failed = i
            if status != OK:
                return status
            if run.raised != NULL and run.raised[0]:
                return CANCELLED
            if run.most > 0:
                output = self.steps[i].output
                written = written_bytes(&frame.slots[output], &self.shapes[output], frame.rows)
                if add_bytes(run.used, self.one_block, &used, written) > run.most:
                    return TOO_LARGE
        return OK

    cdef int place(self, Frame* frame, int64_t first) noexcept nogil:
        """Point every slot at the memory of this block."""
        cdef int i
        cdef Slot* slot
        cdef Shape* shape
        for i in range(self.slot_count):
            slot, shape = &frame.slots[i], &self.shapes[i]
            slot.width = shape.width
            if shape.layout == DENSE:
                if place_block(slot, first, frame.rows * shape.width, shape.width, shape.itemsize) != OK:
                    return OUT_OF_MEMORY
            elif i < self.input_count:
                slot.values, slot.starts = slot.origin, slot.origin_starts + first
        return OK

    cdef int step(self, Frame* frame, int i) noexcept nogil:
        cdef Slot* inputs[64]
        cdef Slot** many = inputs
        cdef int first = self.steps[i].first_input, count = self.inputs_of(i), k, status
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

    cdef int observe(self, Frame* frame, int i, Observed* observed) noexcept nogil:
        """Run one step, and add its time and entries to the observation."""
        cdef Slot* written = &frame.slots[self.steps[i].output]
        cdef double begun = now()
        cdef int status = self.step(frame, i)
        observed.seconds += now() - begun
        if self.shapes[self.steps[i].output].layout == DENSE:
            observed.entries = -1
        elif status == OK:
            observed.entries += written.starts[frame.rows] - written.starts[0]
        return status

    cdef int inputs_of(self, int i) noexcept nogil:
        cdef int end = self.steps[i + 1].first_input if i + 1 < self.step_count else self.read_count
        return end - self.steps[i].first_input

    cdef fail(self, Frame* frame, int status, Run* run):
        raise_stopped(self.kernels[run.failed], frame, status)

    cdef collect(self, Frame* frame, int i, int64_t rows, Split split):
        if self.shape(i).layout != SPARSE:
            return take_texts(self.output(frame, i), rows * self.shape(i).width)
        dtype = self.types[self.returns[i]].numpy
        taken = split.take_rows(i, dtype) if split is not None else None
        return taken or take_sparse(self.output(frame, i), rows, dtype)
