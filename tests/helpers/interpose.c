/* Makes system calls of a process fail, by a control file that tests write while the process runs.
 *
 * LD_PRELOAD this library and name the control file in FAULTS_CONTROL.  Each line of the file is one rule:
 *
 *     call errno count [path-part]
 *
 * call: open, mmap, socket, accept, read, write, allocate, fsync, syncdir or rename; open means open, open64, openat,
 * openat64, creat and opendir, accept means accept and accept4, socket for socket and socketpair, read for read,
 * pread, pread64 and readv, write for write, pwrite, pwrite64 and writev, allocate for posix_fallocate and
 * posix_fallocate64, fsync for fsync and fdatasync of a file, syncdir for fsync of a directory, rename for rename,
 * renameat and renameat2.  A write may also be short: with errno "short" half of the bytes are written.  With errno
 * "slow" the call takes 50 ms longer and succeeds; with "slow:200", 200 ms.
 * errno: its number.  count: how many calls fail, -1 for all, or -2 for every second.  path-part: only calls whose path
 * contains it; descriptors are looked up in /proc/self/fd.  Calls of mmap count only if they map a file.
 *
 * The file is read again whenever its size, inode or modification time differs; without it, or if it is empty, no call
 * fails.
 * The number of failed calls is written to FAULTS_CONTROL.PID.count as "call count" lines, if that is possible.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SHORT = -1, SLOW = -2, HALF = -2, RULES = 32, PATH = 512, USUAL_MILLISECONDS = 50 };

#include "fault_rules.h"

static int fault_of_descriptor(const char *call, int descriptor) {
    char link[64], path[PATH];
    if (!getenv("FAULTS_CONTROL") || inside) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    long size = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = 0;
    return fault(call, path);
}

#define REAL(name, type) \
    static __typeof__(type) real; \
    if (!real) real = (__typeof__(type))dlsym(RTLD_NEXT, #name)

#define FAIL_PATH(call, path, failed) \
    do { \
        int error_ = fault(call, path); \
        if (error_ > 0) { \
            errno = error_; \
            return failed; \
        } \
    } while (0)

#define FAIL_DESCRIPTOR(call, descriptor, failed) \
    do { \
        int error_ = fault_of_descriptor(call, descriptor); \
        if (error_ > 0) { \
            errno = error_; \
            return failed; \
        } \
    } while (0)

static mode_t mode_of(int flags, va_list more) { return flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name, int (*)(const char *, int, ...)); \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = mode_of(flags, more); \
        va_end(more); \
        FAIL_PATH("open", path, -1); \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int directory, const char *path, int flags, ...) { \
        REAL(name, int (*)(int, const char *, int, ...)); \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = mode_of(flags, more); \
        va_end(more); \
        FAIL_PATH("open", path, -1); \
        return real(directory, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

int creat(const char *path, mode_t mode) {
    REAL(creat, int (*)(const char *, mode_t));
    FAIL_PATH("open", path, -1);
    return real(path, mode);
}

DIR *opendir(const char *path) {
    REAL(opendir, DIR * (*)(const char *));
    FAIL_PATH("open", path, NULL);
    return real(path);
}

#define MMAP(name, offset_type) \
    void *name(void *address, size_t size, int protection, int flags, int descriptor, offset_type offset) { \
        REAL(name, void *(*)(void *, size_t, int, int, int, offset_type)); \
        if (descriptor >= 0) FAIL_DESCRIPTOR("mmap", descriptor, MAP_FAILED); \
        return real(address, size, protection, flags, descriptor, offset); \
    }
MMAP(mmap, off_t)
MMAP(mmap64, off64_t)

int socket(int family, int type, int protocol) {
    REAL(socket, int (*)(int, int, int));
    FAIL_PATH("socket", NULL, -1);
    return real(family, type, protocol);
}

int socketpair(int family, int type, int protocol, int ends[2]) {
    REAL(socketpair, int (*)(int, int, int, int[2]));
    FAIL_PATH("socket", NULL, -1);
    return real(family, type, protocol, ends);
}

int accept(int listener, struct sockaddr *address, socklen_t *size) {
    REAL(accept, int (*)(int, struct sockaddr *, socklen_t *));
    FAIL_PATH("accept", NULL, -1);
    return real(listener, address, size);
}

int accept4(int listener, struct sockaddr *address, socklen_t *size, int flags) {
    REAL(accept4, int (*)(int, struct sockaddr *, socklen_t *, int));
    FAIL_PATH("accept", NULL, -1);
    return real(listener, address, size, flags);
}

/* Bytes to write, fewer if a rule shortens the write; a call that fails returns -1 through `failed`. */
static size_t bytes_to_write(int descriptor, size_t size, int *failed) {
    int error = fault_of_descriptor("write", descriptor);
    *failed = error > 0;
    if (error > 0) errno = error;
    return error == SHORT && size > 1 ? size / 2 : size;
}

ssize_t write(int descriptor, const void *data, size_t size) {
    REAL(write, ssize_t(*)(int, const void *, size_t));
    int failed;
    size = bytes_to_write(descriptor, size, &failed);
    return failed ? -1 : real(descriptor, data, size);
}

#define PWRITE(name, offset_type) \
    ssize_t name(int descriptor, const void *data, size_t size, offset_type offset) { \
        REAL(name, ssize_t(*)(int, const void *, size_t, offset_type)); \
        int failed; \
        size = bytes_to_write(descriptor, size, &failed); \
        return failed ? -1 : real(descriptor, data, size, offset); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    REAL(writev, ssize_t(*)(int, const struct iovec *, int));
    FAIL_DESCRIPTOR("write", descriptor, -1);
    return real(descriptor, parts, count);
}

ssize_t read(int descriptor, void *data, size_t size) {
    REAL(read, ssize_t(*)(int, void *, size_t));
    FAIL_DESCRIPTOR("read", descriptor, -1);
    return real(descriptor, data, size);
}

#define PREAD(name, offset_type) \
    ssize_t name(int descriptor, void *data, size_t size, offset_type offset) { \
        REAL(name, ssize_t(*)(int, void *, size_t, offset_type)); \
        FAIL_DESCRIPTOR("read", descriptor, -1); \
        return real(descriptor, data, size, offset); \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

ssize_t readv(int descriptor, const struct iovec *parts, int count) {
    REAL(readv, ssize_t(*)(int, const struct iovec *, int));
    FAIL_DESCRIPTOR("read", descriptor, -1);
    return real(descriptor, parts, count);
}

#define ALLOCATE(name, offset_type) \
    int name(int descriptor, offset_type offset, offset_type size) { \
        REAL(name, int (*)(int, offset_type, offset_type)); \
        int error = fault_of_descriptor("allocate", descriptor); \
        return error > 0 ? error : real(descriptor, offset, size); \
    }
ALLOCATE(posix_fallocate, off_t)
ALLOCATE(posix_fallocate64, off64_t)

static const char *kind_of_sync(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode) ? "syncdir" : "fsync";
}

#define FSYNC(name) \
    int name(int descriptor) { \
        REAL(name, int (*)(int)); \
        FAIL_DESCRIPTOR(kind_of_sync(descriptor), descriptor, -1); \
        return real(descriptor); \
    }
FSYNC(fsync)
FSYNC(fdatasync)

int rename(const char *from, const char *to) {
    REAL(rename, int (*)(const char *, const char *));
    FAIL_PATH("rename", to, -1);
    return real(from, to);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
    REAL(renameat, int (*)(int, const char *, int, const char *));
    FAIL_PATH("rename", to, -1);
    return real(from_directory, from, to_directory, to);
}

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags) {
    REAL(renameat2, int (*)(int, const char *, int, const char *, unsigned int));
    FAIL_PATH("rename", to, -1);
    return real(from_directory, from, to_directory, to, flags);
}
