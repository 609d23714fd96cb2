# Threads that help other threads with their tasks.  All of it runs without the GIL.
from libc.stdint cimport uint64_t

cdef extern from "<pthread.h>" nogil:
    ctypedef struct pthread_mutex_t:
        pass
    ctypedef struct pthread_cond_t:
        pass
    ctypedef unsigned long pthread_t

cdef extern from *:
    """
    #include <time.h>

    static inline double processor_time(void) {
        struct timespec time;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return time.tv_sec + time.tv_nsec * 1e-9;
    }
    """
    double processor_time() nogil  # of the calling thread, in seconds

cdef enum:
    TEAM_SIZE = 64

# Does one part of a task; `worker` is below the task's width, and no other thread has it at the same time.
ctypedef void (*Work)(void* context, int part, int worker) noexcept nogil

# A task of one thread, which opens it with `Team.share`.  Parts are taken in order.
cdef struct Task:
    Work work
    void* context
    int parts
    int width              # threads that may work on it at once, its own among them
    volatile int following_part
    uint64_t places        # a bit for each worker that is at work
    int helpers            # threads of the team that are at work on it
    double helped          # their processor time, in seconds
    Task* following

cdef struct Pool:
    pthread_mutex_t mutex
    pthread_cond_t ready   # a helper may have work
    pthread_cond_t done    # a helper has left a task
    Task* first            # open tasks, oldest first
    volatile int limit     # threads at work, those of the team and others
    volatile int busy      # others that are at work
    volatile int helping   # threads of the team that are at work
    int started
    int closing
    int niceness
    int process            # whose threads these are
    pthread_t threads[TEAM_SIZE]


cdef class Team:
    cdef Pool pool

    # Works on a task until all of its parts are done; threads of the team join while cores are free.
    cdef void share(self, Task* task) noexcept nogil

# Takes no more parts of a task; those at work end.
cdef void stop(Task* task) noexcept nogil
