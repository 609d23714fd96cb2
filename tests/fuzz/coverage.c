/* Records the code that an input reached: counts of edges, of compiled code and of Python, in a map that outlives the
   process.

   Code built with -fsanitize-coverage=trace-pc calls __sanitizer_cov_trace_pc at the start of each basic block.
   A place is an offset in its library, so that counts do not depend on the addresses of libraries.  Lines of Python are
   reported by a trace function, for files whose path contains `watched`.  An edge is a pair of consecutive places. */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <frameobject.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

#define EDGES (1 << 17)
#define MODULES 512
#define CODES 8192

typedef struct {
    uintptr_t low, size;
    uint32_t salt;
} Module;

typedef struct {
    PyCodeObject *code; /* a reference, so that its address is not reused */
    uint32_t salt;      /* 0 for code that is not watched */
} Known;

static uint8_t nowhere[EDGES];
static uint8_t *counts = nowhere;
static uint8_t *seen; /* per edge, the orders of magnitude of the counts of all inputs */
static uint32_t before;
static int watching;
static Module modules[MODULES], *last = modules;
static int module_count;
static Known known[CODES];
static char watched[256];

static uint32_t mixed(uint32_t x) {
    x = (x ^ x >> 16) * 0x7FEB352Du;
    x = (x ^ x >> 15) * 0x846CA68Bu;
    return x ^ x >> 16;
}

static uint32_t hash_of(const char *text) {
    uint32_t hash = 2166136261u;
    for (; *text; text++) hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash | 1;
}

static void reach(uint32_t place) {
    uint32_t at = (place ^ before) & (EDGES - 1);
    if (counts[at] != 255) counts[at]++;
    before = place >> 1;
}

static int add_module(struct dl_phdr_info *info, size_t size, void *data) {
    uintptr_t pc = *(uintptr_t *)data;
    const char *name = strrchr(info->dlpi_name, '/');
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t low = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr, bytes = info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type != PT_LOAD || pc - low >= bytes) continue;
        if (module_count == MODULES) module_count = 0;
        modules[module_count] = (Module){low, bytes, hash_of(name ? name + 1 : info->dlpi_name)};
        last = &modules[module_count++];
        return 1;
    }
    return 0;
}

static void find_module(uintptr_t pc) {
    for (int i = 0; i < module_count; i++)
        if (pc - modules[i].low < modules[i].size) {
            last = &modules[i];
            return;
        }
    dl_iterate_phdr(add_module, &pc);
}

__attribute__((visibility("default"))) void __sanitizer_cov_trace_pc(void) {
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    if (!watching) return;
    if (pc - last->low >= last->size) find_module(pc);
    reach(mixed((uint32_t)(pc - last->low) ^ last->salt));
}

static uint32_t salt_of(PyCodeObject *code) {
    Known *slot = &known[((uintptr_t)code >> 4) % CODES];
    if (slot->code != code) {
        const char *path = PyUnicode_AsUTF8(code->co_filename), *part = path ? strstr(path, watched) : NULL;
        if (!path) PyErr_Clear();
        Py_INCREF(code);
        Py_XDECREF(slot->code);
        *slot = (Known){code, part ? hash_of(part) : 0};
    }
    return slot->salt;
}

static int trace(PyObject *self, PyFrameObject *frame, int what, PyObject *argument) {
    (void)self, (void)argument;
    if (what != PyTrace_LINE) return 0;
    PyCodeObject *code = PyFrame_GetCode(frame);
    uint32_t salt = salt_of(code);
    Py_DECREF(code);
    if (salt && watching) reach(mixed((uint32_t)PyFrame_GetLineNumber(frame) ^ salt));
    return 0;
}

/* Stores the counts and `seen` in `map`, of 2 * coverage_edges() bytes, and traces lines of files at `part`. */
void coverage_into(uint8_t *map, const char *part) {
    counts = map, seen = map + EDGES;
    strncpy(watched, part, sizeof watched - 1);
    PyEval_SetTrace(trace, NULL);
}

int coverage_edges(void) { return EDGES; }

void coverage_begin(void) {
    memset(counts, 0, EDGES);
    before = 0, watching = 1;
}

static uint8_t magnitude(uint8_t count) {
    return count < 4 ? 1 << (count - 1) : count < 8 ? 8 : count < 16 ? 16 : count < 32 ? 32 : count < 128 ? 64 : 128;
}

/* Returns the number of edges since coverage_begin() that are new, or were never passed that often. */
int coverage_end(void) {
    int found = 0;
    watching = 0;
    for (int at = 0; at < EDGES; at += 8) {
        uint64_t word;
        memcpy(&word, counts + at, 8);
        for (int i = at; word && i < at + 8; i++) {
            uint8_t bit = counts[i] ? magnitude(counts[i]) : 0;
            found += (bit & ~seen[i]) != 0;
            seen[i] |= bit;
        }
    }
    return found;
}
