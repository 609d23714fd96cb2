"""One run of a program on several threads: parts of its rows, each in a frame of its thread.

Dense outputs are written in place.  Texts and sparse rows stay in the frames of their parts, and are joined in the
order of the rows.  A rejected value is found again on one thread, so that it is the one that a run on one thread finds.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, REFUSED, Frame, Slot, Text, Workspace
from pretzel.kernels.frame cimport interrupted, reserve, reserve_sparse
from pretzel.kernels.marshal cimport RAGGED, SPARSE
from pretzel.kernels.program cimport Program, Run, Split
from pretzel.kernels.shapes cimport Shape
from pretzel.kernels.team cimport Team, processor_time, stop

cdef enum:
    MULTIPLE = 64      # vector kernels process groups of rows
    PROBED = 64        # rows of the first run that are timed, and run again
    PER_WORKER = 4     # parts for each thread at least, so that all end at about the same time
    FEWEST_ROWS = 256

cdef double WORTH = 200e-6        # seconds: a helper needs 10 to 50 us to begin
cdef double PART_SECONDS = 1e-3   # a helper leaves between two parts, so this is how long another thread waits for it

LEAST_ROWS = FEWEST_ROWS
"""Runs over fewer rows take one thread."""


def frames_needed(Program program not None, int64_t rows, int width):
    """Return the number of frames of a run on several threads besides its own; 0 if the run is not worth it."""
    cdef int i
    if width < 2 or rows < FEWEST_ROWS or (program.row_seconds > 0 and rows * program.row_seconds < WORTH):
        return 0
    for i in range(program.output_count):
        if program.shape(i).layout == RAGGED:
            return 0
    return PER_WORKER * width if program.one_block else width - 1


def learn_run(Program program not None, double seconds, int64_t rows):
    """Record the time of a run on one thread, if it has so many rows that others like it may be worth help."""
    if rows >= FEWEST_ROWS:
        learn(program, seconds, rows)


cdef class Parts(Split):
    """One run on several threads.  It may turn out that one is enough.

    ``width``: threads at most.  ``workspaces``: as many as :func:`frames_needed` says; they hold texts and sparse rows
    of the run until these are taken.
    """

    def __cinit__(self, Team team not None, Program program not None, int width, workspaces):
        cdef Workspace workspace
        team.adopt()
        self.team, self.program, self.width, self.workspaces = team, program, width, list(workspaces)
        self.count = len(self.workspaces) + 1
        self.frames = <Frame**>calloc(self.count, sizeof(Frame*))
        if self.frames == NULL:
            raise MemoryError("parts: no memory for the frames")
        for i in range(1, self.count):
            workspace = self.workspaces[i - 1]
            workspace.make_slots(program.slot_count)
            self.frames[i] = &workspace.frame
        self.joined = self.frames[self.count - 1]

    def __dealloc__(self):
        free(self.frames)

    cdef int run(self, Program program, Frame* frame, Run* run) noexcept nogil:
        cdef double begun = processor_time()
        cdef int status = self.run_parts(frame, run) if self.pays(frame, run) else program.run_blocks(frame, run, NULL)
        if status == REFUSED:
            return program.run_blocks(frame, run, NULL)
        if status == OK:
            learn(program, processor_time() - begun + self.helped, run.rows)
        return status

    cdef bint pays(self, Frame* frame, Run* run) noexcept nogil:
        """Return whether the run takes so long that help is worth it, by the time of rows in earlier runs."""
        if self.program.row_seconds == 0 and self.probe(frame, run) != OK:
            return False
        return run.rows * self.program.row_seconds >= WORTH

    cdef int probe(self, Frame* frame, Run* run) noexcept nogil:
        """Time the first rows."""
        cdef double begun = processor_time()
        cdef int64_t rows = min(<int64_t>PROBED, run.rows)
        cdef int status = self.run_rows(frame, run, 0, rows)
        if status == OK:
            learn(self.program, processor_time() - begun, rows)
        return status

    cdef int run_parts(self, Frame* frame, Run* run) noexcept nogil:
        self.whole, self.used, self.status = run[0], 0, OK
        if self.program.one_block:
            self.whole.used = &self.used
        self.part_rows = self.rows_of_part(run.rows)
        if self.prepare(frame) != OK:
            return OUT_OF_MEMORY
        self.task.work, self.task.context, self.task.width = run_part, <void*>self, self.width
        self.task.parts = <int>((run.rows + self.part_rows - 1) // self.part_rows)
        self.team.share(&self.task)
        self.helped = self.task.helped
        run.failed = self.failed
        return self.join(frame) if self.status == OK else self.status

    cdef int64_t rows_of_part(self, int64_t rows) noexcept nogil:
        cdef int64_t most = multiple(rows // (PER_WORKER * self.width))
        cdef double brief = PART_SECONDS / self.program.row_seconds
        if self.program.one_block:
            return most
        return min(most, self.program.block, max(multiple(<int64_t>min(brief, 1e9)), <int64_t>FEWEST_ROWS))

    cdef int prepare(self, Frame* frame) noexcept nogil:
        """Point the inputs and outputs of all frames at those of the run."""
        cdef int i, k
        cdef Slot* source
        self.frames[0] = frame
        if self.program.one_block and self.place_texts(frame) != OK:
            return OUT_OF_MEMORY
        for k in range(1, self.count):
            for i in range(self.program.slot_count):
                source = &frame.slots[i]
                self.frames[k].slots[i].origin = source.origin
                if i < self.program.input_count:
                    self.frames[k].slots[i].origin_starts = source.origin_starts
                    self.frames[k].slots[i].columns = source.columns
        return OK

    cdef int place_texts(self, Frame* frame) noexcept nogil:
        """Give outputs of texts memory for all rows, because a part holds only some."""
        cdef Slot* owner
        cdef Shape* shape
        cdef int i
        for i in range(self.program.output_count):
            shape, owner = self.program.shape(i), self.program.output(self.joined, i)
            if shape.is_text:
                if reserve(&owner.own_values, self.whole.rows * shape.width * sizeof(Text) + 64) != OK:
                    return OUT_OF_MEMORY
                self.program.output(frame, i).origin = <char*>owner.own_values.at
        return OK

    cdef void run_part(self, int part, int worker) noexcept nogil:
        """Run one part, in the frame of the worker; if a frame must hold a whole part, in that of the part."""
        cdef Run own = self.whole
        cdef int64_t first = part * self.part_rows
        cdef int place = part if self.program.one_block else worker
        cdef int status = self.run_rows(self.frames[place], &own, first, first + self.rows_in(part))
        if status != OK:
            self.failed, self.status = own.failed, status
            stop(&self.task)

    cdef int run_rows(self, Frame* frame, Run* run, int64_t first, int64_t last) noexcept nogil:
        """Run over these rows, in blocks; texts and sparse rows need all of them in one."""
        cdef int64_t block = last - first if self.program.one_block else self.program.block
        cdef int status
        frame.raised, frame.deadline = run.raised, run.deadline
        while True:
            status = interrupted(frame)
            if status != OK:
                return status
            frame.first_row, frame.rows = first, min(block, last - first)
            status = self.program.run_block(frame, run, NULL)
            first += frame.rows
            if status != OK or first >= last:
                return status

    cdef int join(self, Frame* frame) noexcept nogil:
        """Put the texts and the sparse rows of all parts into the frame of the run."""
        cdef Slot* slot
        cdef int i
        if not self.program.one_block:
            return OK
        for i in range(self.program.output_count):
            slot = self.program.output(frame, i)
            if self.program.shape(i).is_text:
                slot.values = slot.origin
            elif self.program.shape(i).layout == SPARSE and self.join_sparse(frame, i) != OK:
                return OUT_OF_MEMORY
        return OK

    cdef int join_sparse(self, Frame* frame, int i) noexcept nogil:
        cdef Slot* target = self.program.output(self.joined, i)
        cdef Slot* source
        cdef int64_t size = self.program.shape(i).itemsize, total = 0, at = 0
        cdef int part
        for part in range(self.task.parts):
            source = self.program.output(self.frames[part], i)
            total += source.starts[self.rows_in(part)] - source.starts[0]
        self.joined.rows = self.whole.rows
        if reserve_sparse(self.joined, target, total, size) != OK:
            return OUT_OF_MEMORY
        for part in range(self.task.parts):
            source = self.program.output(self.frames[part], i)
            at = append_rows(target, source, part * self.part_rows, self.rows_in(part), at, size)
        target.starts[self.whole.rows] = at
        source = self.program.output(frame, i)
        source.values, source.columns, source.starts = target.values, target.columns, target.starts
        return OK

    cdef int64_t rows_in(self, int part) noexcept nogil:
        return min(self.part_rows, self.whole.rows - part * self.part_rows)


cdef void run_part(void* context, int part, int worker) noexcept nogil:
    (<Parts>context).run_part(part, worker)


cdef int64_t append_rows(
    Slot* target, const Slot* source, int64_t row, int64_t rows, int64_t at, int64_t size
) noexcept nogil:
    """Copy sparse rows behind the first ``at`` values, and return the number of values then."""
    cdef int64_t first = source.starts[0], stored = source.starts[rows] - first, i
    memcpy(<char*>target.values + at * size, <char*>source.values + first * size, <size_t>(stored * size))
    memcpy(target.columns + at, source.columns + first, <size_t>(stored * 4))
    for i in range(rows):
        target.starts[row + i] = source.starts[i] - first + at
    return at + stored


cdef int64_t multiple(int64_t rows) noexcept nogil:
    return (rows // MULTIPLE + 1) * MULTIPLE


cdef void learn(Program program, double seconds, int64_t rows) noexcept nogil:
    cdef double known = program.row_seconds, seen = max(seconds / rows, <double>1e-12)
    program.row_seconds = seen if known == 0 else 0.5 * (known + seen)
