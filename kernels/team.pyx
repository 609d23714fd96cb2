"""Threads that help with runs over many rows: they take parts of them while cores are free, without the GIL.

The thread that opens a task always works on it, so a task ends even if no helper comes.  Helpers join a task late and
leave it early, between two parts, when other threads need the cores.
"""

from libc.string cimport memset
from posix.unistd cimport getpid

cdef extern from "<pthread.h>" nogil:
    int pthread_create(pthread_t* thread, void* attributes, void* (*start)(void*) noexcept nogil, void* argument)
    int pthread_join(pthread_t thread, void** result)
    int pthread_mutex_init(pthread_mutex_t* mutex, void* attributes)
    int pthread_mutex_lock(pthread_mutex_t* mutex)
    int pthread_mutex_unlock(pthread_mutex_t* mutex)
    int pthread_cond_init(pthread_cond_t* condition, void* attributes)
    int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex)
    int pthread_cond_broadcast(pthread_cond_t* condition)

cdef extern from *:
    """
    #include <signal.h>
    #include <sys/resource.h>
    #include <sys/syscall.h>
    #include <unistd.h>

    static inline int next_part(volatile int* next) { return __atomic_fetch_add(next, 1, __ATOMIC_RELAXED); }
    static inline void set_part(volatile int* next, int to) { __atomic_store_n(next, to, __ATOMIC_RELAXED); }

    /* Signals are for the threads of the interpreter. */
    static void block_signals(sigset_t* before) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, before);
    }
    static void restore_signals(const sigset_t* before) { pthread_sigmask(SIG_SETMASK, before, NULL); }

    /* Linux keeps a niceness per thread. */
    static void be_nice(int by) {
        int thread = (int)syscall(SYS_gettid);
        if (by) setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + by);
    }
    """
    ctypedef struct sigset_t:
        pass
    int next_part(volatile int* next) nogil
    void set_part(volatile int* next, int to) nogil
    void block_signals(sigset_t* before) nogil
    void restore_signals(const sigset_t* before) nogil
    void be_nice(int by) nogil


MOST_THREADS = TEAM_SIZE
"""Threads that a team can have."""


cdef class Team:
    """Helping threads, started when first needed.  Thread-safe; a forked child starts its own.

    ``limit``: threads at work at once, helpers and those that :meth:`enter` counts.  ``niceness``: added to that of
    the helpers.
    """

    def __cinit__(self, int limit, int niceness=0):
        memset(&self.pool, 0, sizeof(Pool))
        self.pool.niceness = niceness
        self.allow(limit)
        self._begin()

    def __dealloc__(self):
        self.close()

    def _begin(self):
        pthread_mutex_init(&self.pool.mutex, NULL)
        pthread_cond_init(&self.pool.ready, NULL)
        pthread_cond_init(&self.pool.done, NULL)
        self.pool.process = getpid()

    @property
    def limit(self):
        """Threads at work at once."""
        return self.pool.limit

    def allow(self, int limit):
        """Raise the limit to so many threads; a lower one changes nothing."""
        self.pool.limit = min(max(limit, self.pool.limit), TEAM_SIZE)

    @property
    def helping(self):
        """Threads of the team that are at work."""
        return self.pool.helping

    def enter(self):
        """Count the calling thread as one at work: a helper leaves at its next part if there are too many."""
        self.pool.busy += 1  # the GIL is held: no other thread changes it

    def leave(self):
        """Count the calling thread no more; a helper may take its place."""
        self.pool.busy -= 1
        if self.pool.first != NULL:
            with nogil:
                wake(&self.pool)

    def adopt(self):
        """Forget the threads and tasks of a parent process, if this is a forked child: they exist only there."""
        if self.pool.process != getpid():
            self.pool.first, self.pool.busy, self.pool.helping = NULL, 0, 0
            self.pool.started = self.pool.closing = 0
            self._begin()

    def close(self):
        """End the threads; tasks that are opened later get no help."""
        cdef int i
        if self.pool.process != getpid() or self.pool.closing:
            return
        self.pool.closing = 1
        with nogil:
            wake(&self.pool)
            for i in range(self.pool.started):
                pthread_join(self.pool.threads[i], NULL)
        self.pool.started = 0

    cdef void share(self, Task* task) noexcept nogil:
        cdef Pool* pool = &self.pool
        task.following_part, task.helpers, task.helped, task.places = 0, 0, 0.0, 1
        pthread_mutex_lock(&pool.mutex)
        append(pool, task)
        start(pool, min(task.width, pool.limit) - 1)
        pthread_cond_broadcast(&pool.ready)
        pthread_mutex_unlock(&pool.mutex)
        while take(task, 0):
            pass
        pthread_mutex_lock(&pool.mutex)
        remove(pool, task)
        while task.helpers:
            pthread_cond_wait(&pool.done, &pool.mutex)
        pthread_mutex_unlock(&pool.mutex)


cdef void stop(Task* task) noexcept nogil:
    set_part(&task.following_part, task.parts)


cdef bint take(Task* task, int worker) noexcept nogil:
    """Do the next part; false if none is left."""
    cdef int part = next_part(&task.following_part)
    if part >= task.parts:
        return False
    task.work(task.context, part, worker)
    return True


cdef void append(Pool* pool, Task* task) noexcept nogil:
    cdef Task** at = &pool.first
    while at[0] != NULL:
        at = &at[0].following
    at[0], task.following = task, NULL


cdef void remove(Pool* pool, Task* task) noexcept nogil:
    cdef Task** at = &pool.first
    while at[0] != task:
        at = &at[0].following
    at[0] = task.following


cdef void wake(Pool* pool) noexcept nogil:
    pthread_mutex_lock(&pool.mutex)
    pthread_cond_broadcast(&pool.ready)
    pthread_mutex_unlock(&pool.mutex)


cdef void start(Pool* pool, int helpers) noexcept nogil:
    """Start the threads that are missing; without memory for one, the task gets less help."""
    cdef sigset_t before
    if pool.started >= helpers or pool.closing:
        return
    block_signals(&before)
    while pool.started < helpers and pthread_create(&pool.threads[pool.started], NULL, serve, pool) == 0:
        pool.started += 1
    restore_signals(&before)


cdef void* serve(void* argument) noexcept nogil:
    """Help until the team is closed."""
    cdef Pool* pool = <Pool*>argument
    cdef Task* task
    be_nice(pool.niceness)
    pthread_mutex_lock(&pool.mutex)
    while not pool.closing:
        task = open_task(pool)
        if task == NULL:
            pthread_cond_wait(&pool.ready, &pool.mutex)
        else:
            help(pool, task)
    pthread_mutex_unlock(&pool.mutex)
    return NULL


cdef Task* open_task(Pool* pool) noexcept nogil:
    """Return the oldest task with a part and a place left, if a core is free; the lock is held."""
    cdef Task* task = pool.first
    if pool.helping + pool.busy >= pool.limit:
        return NULL
    while task != NULL and (task.helpers + 1 >= task.width or task.following_part >= task.parts):
        task = task.following
    return task


cdef void help(Pool* pool, Task* task) noexcept nogil:
    """Do parts of a task until none is left or the core is needed; the lock is held before and after."""
    cdef int worker = 0
    cdef double begun = processor_time()
    while task.places >> worker & 1:
        worker += 1
    task.places |= <uint64_t>1 << worker
    task.helpers += 1
    pool.helping += 1
    pthread_mutex_unlock(&pool.mutex)
    while pool.helping + pool.busy <= pool.limit and take(task, worker):
        pass
    pthread_mutex_lock(&pool.mutex)
    pool.helping -= 1
    task.helpers -= 1
    task.places &= ~(<uint64_t>1 << worker)
    task.helped += processor_time() - begun
    pthread_cond_broadcast(&pool.done)
