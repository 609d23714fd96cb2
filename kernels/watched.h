/* Under AddressSanitizer the unused end of a kept buffer is poisoned: otherwise a write past the requested bytes would
   be detected only if it leaves the whole buffer. */
#ifndef PRETZEL_WATCHED_H
#define PRETZEL_WATCHED_H

#include <stdint.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

static inline void watch(const void *at, int64_t used, int64_t capacity) {
    __asan_unpoison_memory_region(at, (size_t)used);
    __asan_poison_memory_region((const char *)at + used, (size_t)(capacity - used));
}
#else
static inline void watch(const void *at, int64_t used, int64_t capacity) { (void)at, (void)used, (void)capacity; }
#endif

#endif
