/* The rules of interpose.c: read from the control file, matched against calls and paths, and counted. */
#pragma once

struct rule {
    char call[16];
    int error;
    long milliseconds;
    long count;
    int spared; /* the last call, of a rule for half of them */
    char path[PATH];
};

static struct rule rules[RULES];
static int rule_count;
static struct stat seen;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static __thread int inside;

/* Rules must not apply to reading them, so this uses raw system calls. */
static void read_rules(const char *control) {
    struct stat now;
    memset(&now, 0, sizeof now);
    if (syscall(SYS_newfstatat, AT_FDCWD, control, &now, 0) != 0) {
        rule_count = 0;
        memset(&seen, 0, sizeof seen);
        return;
    }
    if (now.st_ino == seen.st_ino && now.st_size == seen.st_size && now.st_ctim.tv_sec == seen.st_ctim.tv_sec &&
        now.st_ctim.tv_nsec == seen.st_ctim.tv_nsec)
        return;
    char text[8192];
    long file = syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC, 0);
    if (file < 0) return; /* no descriptor left: the rules do not change */
    long size = syscall(SYS_read, file, text, sizeof text - 1);
    syscall(SYS_close, file);
    if (size < 0) return;
    text[size] = 0;
    seen = now;
    rule_count = 0;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line && rule_count < RULES; line = strtok_r(NULL, "\n", &rest)) {
        struct rule *rule = &rules[rule_count];
        char number[16];
        memset(rule, 0, sizeof *rule);
        if (sscanf(line, "%15s %15s %ld %511s", rule->call, number, &rule->count, rule->path) < 3) continue;
        int slow = !strncmp(number, "slow", 4);
        rule->error = !strcmp(number, "short") ? SHORT : slow ? SLOW : atoi(number);
        rule->milliseconds = slow && number[4] == ':' ? atol(number + 5) : USUAL_MILLISECONDS;
        rule_count++;
    }
}

static void record(const char *control, const char *call) {
    char name[PATH + 64], line[64];
    snprintf(name, sizeof name, "%s.%d.count", control, (int)getpid());
    long file = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) return;
    int size = snprintf(line, sizeof line, "%s 1\n", call);
    syscall(SYS_write, file, line, size);
    syscall(SYS_close, file);
}

/* The fault of a call on a path: 0 for none, an errno, SHORT or SLOW. */
static int fault(const char *call, const char *path) {
    const char *control = getenv("FAULTS_CONTROL");
    if (!control || inside) return 0;
    inside = 1;
    int saved = errno, found = 0;
    long milliseconds = 0;
    pthread_mutex_lock(&lock);
    read_rules(control);
    for (int i = 0; i < rule_count && !found; i++) {
        struct rule *rule = &rules[i];
        if (strcmp(rule->call, call) || !rule->count) continue;
        if (rule->path[0] && (!path || !strstr(path, rule->path))) continue;
        if (rule->count > 0) rule->count--;
        if (rule->count == HALF && (rule->spared = !rule->spared)) continue;
        found = rule->error;
        milliseconds = rule->milliseconds;
    }
    if (found) record(control, call);
    pthread_mutex_unlock(&lock);
    errno = saved;
    inside = 0;
    if (found == SLOW) {
        struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000 * 1000};
        nanosleep(&pause, NULL);
    }
    return found;
}
