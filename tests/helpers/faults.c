/* Fails calls of a process as a disk or a machine would: loaded by LD_PRELOAD, steered by the file FAULT_RULES.
 *
 * A line of the file is `CALL ERRNO SUBSTRING`: calls of that name on paths that hold the substring fail with that number.
 * CALL is open, write, fsync, syncdir, rename or short; `short` writes a byte fewer than asked, and no error.  The file is
 * read at each call, so that a test changes it while the process runs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int wanted(const char *call, const char *path) {
    const char *rules = getenv("FAULT_RULES");
    char text[4096], name[32], part[512];
    int number, used;
    if (!rules || !path || strcmp(path, rules) == 0) return 0;
    int kept = errno, file = (int)syscall(SYS_openat, AT_FDCWD, rules, O_RDONLY | O_CLOEXEC, 0);
    if (file < 0) { errno = kept; return 0; }
    long count = syscall(SYS_read, file, text, sizeof text - 1);
    syscall(SYS_close, file);
    errno = kept;
    text[count > 0 ? count : 0] = 0;
    for (char *line = text; sscanf(line, "%31s %d %511s%n", name, &number, part, &used) == 3; line += used)
        if (strcmp(name, call) == 0 && strstr(path, part)) return number;
    return 0;
}

static int wanted_of(const char *call, int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    long count = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (count <= 0) return 0;
    path[count] = 0;
    return wanted(call, path);
}

#define FAIL(number) do { int found = (number); if (found) { errno = found; return -1; } } while (0)

static int opened(int at, const char *path, int flags, mode_t mode) {
    FAIL(wanted("open", path));
    return (int)syscall(SYS_openat, at, path, flags, mode);
}

#define OPEN(name) int name(const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    return opened(AT_FDCWD, path, flags, mode); }
#define OPENAT(name) int name(int at, const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    return opened(at, path, flags, mode); }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int descriptor, const void *data, size_t count) {
    FAIL(wanted_of("write", descriptor));
    if (count > 1 && wanted_of("short", descriptor)) count--;
    return syscall(SYS_write, descriptor, data, count);
}

ssize_t pwrite64(int descriptor, const void *data, size_t count, off64_t offset) {
    FAIL(wanted_of("write", descriptor));
    if (count > 1 && wanted_of("short", descriptor)) count--;
    return syscall(SYS_pwrite64, descriptor, data, count, offset);
}

ssize_t pwrite(int descriptor, const void *data, size_t count, off_t offset) {
    return pwrite64(descriptor, data, count, offset);
}

int fsync(int descriptor) {
    struct stat status;
    int directory = fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
    FAIL(wanted_of(directory ? "syncdir" : "fsync", descriptor));
    return (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor) {
    FAIL(wanted_of("fsync", descriptor));
    return (int)syscall(SYS_fdatasync, descriptor);
}

int rename(const char *from, const char *to) {
    FAIL(wanted("rename", to));
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int at, const char *from, int there, const char *to) {
    FAIL(wanted("rename", to));
    return (int)syscall(SYS_renameat2, at, from, there, to, 0);
}
