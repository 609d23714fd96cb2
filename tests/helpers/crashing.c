// Functions of the C library that crash their process: a fault in a kernel, or while a plan is loaded.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// For one value.
double cbrt(double x)
{
    static double (*real)(double);
    if (x == 13)
        *(volatile int *)0 = 1;
    if (!real)
        real = (double (*)(double))dlsym(RTLD_NEXT, "cbrt");
    return real(x);
}

static int serves(void)
{
    char line[4096];
    FILE *file = fopen("/proc/self/cmdline", "r");
    size_t size = file ? fread(line, 1, sizeof line, file) : 0;
    if (file)
        fclose(file);
    return memmem(line, size, "data_plane.serve", 16) != NULL;
}

// For files whose path has the text of CRASH_AT, in serving processes: the supervisor reads them too.
int open64(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    const char *fatal = getenv("CRASH_AT");
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    if (fatal && strstr(path, fatal) && serves())
        *(volatile int *)0 = 1;
    if (!real)
        real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    return real(path, flags, mode);
}
