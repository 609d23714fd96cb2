/* The number of a thread among those that have run programs, and a barrier for the record of its runs. */
#ifndef PRETZEL_NOTED_H
#define PRETZEL_NOTED_H

#include <stddef.h>

static size_t noted_threads;
static _Thread_local size_t noted_place; /* from 1; 0 before the first run of this thread */

static inline size_t place_of_thread(void) {
    if (!noted_place) noted_place = 1 + __atomic_fetch_add(&noted_threads, 1, __ATOMIC_RELAXED);
    return noted_place - 1;
}

/* Keeps what was written before in front of what follows, which may end the process. */
static inline void settle(void) { __asm__ volatile("" ::: "memory"); }

#endif
