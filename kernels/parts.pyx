"""One run of a program on several threads: parts of its rows, each in a frame of its thread.

Dense outputs are written in place.  Texts stay in the frames of their parts, and sparse rows in piles, from which all
threads copy them in the order of the rows.  A rejected value is found again on one thread, so that it is the one that a
run on one thread finds.
"""

from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport calloc, free

import numpy as np

from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, REFUSED, Frame, Slot, Text, Workspace
from pretzel.kernels.frame cimport interrupted, reserve, reserve_sparse
from pretzel.kernels.marshal cimport RAGGED, address
from pretzel.kernels.piles cimport Piece, Piles, copy_piece, stored_in
from pretzel.kernels.program cimport Program, Run, Split
from pretzel.kernels.shapes cimport Shape
from pretzel.kernels.team cimport Team, Work, processor_time, stop

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
        self.team, self.program, self.piles = team, program, program.piles
        self.width, self.workspaces = width, list(workspaces)
        self.count = len(self.workspaces) + 1
        self.frames = <Frame**>calloc(self.count, sizeof(Frame*))
        self.piled = <int64_t*>calloc(self.count, sizeof(int64_t))
        if not (self.frames and self.piled):
            raise MemoryError("parts: no memory for the frames")
        for i in range(1, self.count):
            workspace = self.workspaces[i - 1]
            workspace.make_slots(self.piles.slots_needed())
            self.frames[i] = &workspace.frame

    def __dealloc__(self):
        free(self.frames)
        free(self.piled)
        free(self.pieces)

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
        cdef int status = self.run_rows(frame, run, 0, rows, NULL)
        if status == OK:
            learn(self.program, processor_time() - begun, rows)
        return status

    cdef int run_parts(self, Frame* frame, Run* run) noexcept nogil:
        self.whole, self.used, self.status = run[0], 0, OK
        if self.program.one_block or self.piles.count:
            self.whole.used = &self.used
        self.part_rows = self.rows_of_part(run.rows)
        self.task.context, self.task.width = <void*>self, self.width
        self.task.parts = <int>((run.rows + self.part_rows - 1) // self.part_rows)
        if self.prepare(frame) != OK:
            return OUT_OF_MEMORY
        self.share(run_part)
        run.failed = self.failed
        return self.join(frame) if self.status == OK else self.status

    cdef void share(self, Work work) noexcept nogil:
        self.task.work = work
        self.team.share(&self.task)
        self.helped += self.task.helped

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
        if self.piles.count:
            self.pieces = <Piece*>calloc(<size_t>(self.task.parts * self.piles.count), sizeof(Piece))
            if self.pieces == NULL:
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
            shape, owner = self.program.shape(i), self.program.output(self.frames[self.count - 1], i)
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
        cdef int64_t before = self.piled[place]
        cdef int status = self.run_rows(self.frames[place], &own, first, first + self.rows_in(part), &self.piled[place])
        if status != OK:
            self.failed, self.status = own.failed, status
            stop(&self.task)
        elif self.pieces != NULL:
            self.note_pieces(part, self.frames[place], before)

    cdef int run_rows(self, Frame* frame, Run* run, int64_t first, int64_t last, int64_t* piled) noexcept nogil:
        """Run over these rows, in blocks; texts need all of them in one.  ``piled``: rows in piles; NULL for none."""
        cdef int64_t block = last - first if self.program.one_block else self.program.block
        cdef bint piles = piled != NULL and not self.program.one_block and self.piles.count
        cdef int status
        frame.raised, frame.deadline = run.raised, run.deadline
        while True:
            status = interrupted(frame)
            if status != OK:
                return status
            frame.first_row, frame.rows = first, min(block, last - first)
            status = self.program.run_block(frame, run, NULL)
            if status == OK and piles:
                status = self.piles.add(frame, run.used, run.most, piled[0], run.rows)
                piled[0] += frame.rows
            first += frame.rows
            if status != OK or first >= last:
                return status

    cdef void note_pieces(self, int part, Frame* frame, int64_t before) noexcept nogil:
        """Record where the sparse rows of a part are: in piles, behind those from ``before``, or in its frame."""
        cdef const Slot* source
        cdef int k
        for k in range(self.piles.count):
            source = self.piles.output(frame, k) if self.program.one_block else self.piles.pile(frame, k)
            self.pieces[k * self.task.parts + part] = Piece(source, before, self.rows_in(part), 0)

    cdef int join(self, Frame* frame) noexcept nogil:
        """Put the texts of all parts into the frame of the run, and the sparse rows unless they may stay in pieces."""
        cdef int i, k
        for i in range(self.program.output_count):
            if self.program.shape(i).is_text:
                self.program.output(frame, i).values = self.program.output(frame, i).origin
        if self.keeps_pieces:
            return OK
        frame.rows = self.whole.rows
        for k in range(self.piles.count):
            if reserve_sparse(frame, self.piles.joined(frame, k), self.stored(k), self.piles.sizes[k]) != OK:
                return OUT_OF_MEMORY
            self.copy_pieces(k, self.piles.joined(frame, k))
        self.piles.show_joined(frame)
        return OK

    cdef tuple take_rows(self, int i, dtype):
        """Copy the pieces of a sparse output into new arrays."""
        cdef Slot taken
        cdef int k
        if self.pieces == NULL or self.status != OK:
            return None  # it ran on one thread
        k = self.piles.position(self.program.returns[i])
        count = self.stored(k)
        values, columns = np.empty(count, dtype), np.empty(count, np.int32)
        starts = np.empty(self.whole.rows + 1, np.int64)
        taken.values, taken.columns = address(values), <int32_t*>address(columns)
        taken.starts = <int64_t*>address(starts)
        with nogil:
            self.copy_pieces(k, &taken)
        return values, columns, starts

    cdef int64_t stored(self, int k) noexcept nogil:
        """Find where the values of each piece of a sparse output belong, and return their number."""
        cdef Piece* piece = self.pieces + k * self.task.parts
        cdef int64_t at = 0
        cdef int part
        for part in range(self.task.parts):
            piece[part].at = at
            at += stored_in(&piece[part])
        return at

    cdef void copy_pieces(self, int k, Slot* target) noexcept nogil:
        """Copy the pieces of a sparse output, on all threads, each behind those before it."""
        target.starts[0] = 0
        self.target, self.copied = target, k
        self.share(copy_part)

    cdef void copy_part(self, int part) noexcept nogil:
        cdef Piece* piece = self.pieces + self.copied * self.task.parts + part
        copy_piece(self.target, piece, part * self.part_rows, self.piles.sizes[self.copied])

    cdef int64_t rows_in(self, int part) noexcept nogil:
        return min(self.part_rows, self.whole.rows - part * self.part_rows)


cdef void run_part(void* context, int part, int worker) noexcept nogil:
    (<Parts>context).run_part(part, worker)


cdef void copy_part(void* context, int part, int worker) noexcept nogil:
    (<Parts>context).copy_part(part)


cdef int64_t multiple(int64_t rows) noexcept nogil:
    return (rows // MULTIPLE + 1) * MULTIPLE


cdef void learn(Program program, double seconds, int64_t rows) noexcept nogil:
    cdef double known = program.row_seconds, seen = max(seconds / rows, <double>1e-12)
    program.row_seconds = seen if known == 0 else 0.5 * (known + seen)
