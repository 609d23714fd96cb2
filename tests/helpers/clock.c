/* Sets the clock of a process, by a control file that tests write while the process runs.
 *
 * LD_PRELOAD this library and name a file of eight bytes in CLOCK_SHIFT: the nanoseconds, a native int64, by which the
 * wall clock is ahead.  The monotonic clock is the real one.  Times of this wall clock that are passed to the kernel,
 * as the ends of waits, are converted to its own.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000 * 1000 * 1000 };

static volatile int64_t *shift;

__attribute__((constructor)) static void open_control(void) {
    const char *path = getenv("CLOCK_SHIFT");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) shift = mapped;
}

static int64_t ahead(void) { return shift ? *shift : 0; }

static void move(struct timespec *at, int64_t by) {
    int64_t nanoseconds = at->tv_nsec + by % SECOND;
    at->tv_sec += by / SECOND + (nanoseconds >= SECOND) - (nanoseconds < 0);
    at->tv_nsec = (nanoseconds + SECOND) % SECOND;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, at);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) move(at, ahead());
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    (void)zone;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    move(&now, ahead());
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    move(&now, ahead());
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}

/* gRPC waits by the futexes of Abseil, until a time of the wall clock. */
long syscall(long number, ...) {
    static long (*real)(long, long, long, long, long, long, long);
    long argument[6];
    struct timespec end;
    va_list more;
    if (!real) real = (long (*)(long, long, long, long, long, long, long))dlsym(RTLD_NEXT, "syscall");
    va_start(more, number);
    for (int i = 0; i < 6; i++) argument[i] = va_arg(more, long);
    va_end(more);
    if (number == SYS_futex && argument[1] & FUTEX_CLOCK_REALTIME && argument[3]) {
        end = *(const struct timespec *)argument[3];
        move(&end, -ahead());
        argument[3] = (long)&end;
    }
    return real(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}
