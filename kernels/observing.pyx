"""Runs of a program that measure each step, for the traces of single requests."""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from pretzel.kernels.frame cimport OK, Frame, Workspace
from pretzel.kernels.program cimport Observed, Program, Run, Token


def run_observed(
    Program program not None, Workspace workspace not None, list columns not None, int64_t rows, double deadline=0.0,
    Token token=None, int64_t most=0,
):
    """Run as :meth:`Program.run` on this thread, and return the results, and each kernel with its seconds.

    The seconds of a step are those of all blocks of rows together.
    """
    cdef Frame* frame = program.begin(workspace)
    cdef Run run = Run(rows, deadline, NULL, most, 0, NULL, NULL)
    cdef Observed* observed = <Observed*>calloc(program.step_count + 1, sizeof(Observed))
    cdef char* line
    cdef int status, i
    if observed == NULL:
        raise MemoryError("program: no memory for what is observed")
    try:
        if token is not None:
            run.raised = &token.raised
        program.bind_inputs(frame, columns)
        results = program.make_outputs(frame, rows)
        with nogil:
            line = program.noted.begin()
            status = program.run_blocks(frame, &run, observed)
            program.noted.end(line)
        if status != OK:
            program.fail(frame, status, &run)
        for i in range(program.output_count):
            if results[i] is None:
                results[i] = program.collect(frame, i, rows, None)
        return results, [(program.kernels[i], observed[i].seconds) for i in range(program.step_count)]
    finally:
        free(observed)
